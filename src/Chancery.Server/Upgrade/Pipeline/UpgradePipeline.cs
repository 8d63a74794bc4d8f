using System.Diagnostics;
using System.Security.Cryptography;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;
using Chancery.Server.Access;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Models;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.TextVectors;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Upgrade.Storing;
using Chancery.Server.Upgrade.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>
/// Improves a prompt: personal data out, the history in short, passages looked for, written anew, personal data in again. Each part can be
/// switched off, is metered, and has something simpler that takes its place. Safe for concurrent use.
/// </summary>
internal sealed class UpgradePipeline(
    PromptUses prompts,
    WritingModels models,
    ModelWriter writer,
    HistorySummary summary,
    IPassageSearch search,
    EncodingLedger vectors,
    UpgradeStore store,
    OrganizationStore organizations,
    GuardNotes guards,
    UpgradeMeter meter,
    TimeProvider time,
    ILogger<UpgradePipeline> logger
)
{
    private const int MostTokens = 6000;

    /// <returns>What came of it, as it is kept; or the problem to answer with: no such model, no money, or no fallback wanted.</returns>
    /// <exception cref="OperationCanceledException">The caller left. Nothing is kept.</exception>
    public async Task<(UpgradeView? Upgrade, ProblemHttpResult? Problem)> RunAsync(
        Principal principal,
        UpgradeWish wish,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var use = await prompts.PickAsync(principal, UpgradePrompts.Name, conversation: null, cancellationToken);
        var (chosen, problem) = await models.ChooseAsync(principal, wish.Model, cancellationToken);
        if (problem is not null)
        {
            return (null, problem);
        }

        var isOpen = wish.Model is null;
        if (isOpen)
        {
            chosen = await models.WithOwnOfAsync(principal, use.Content, chosen, cancellationToken);
        }

        var work = new Work(principal, wish, use, new Writers(principal, chosen, isOpen));
        try
        {
            await PrepareAsync(work, cancellationToken);
            var (outcome, result, documents, run) = await WriteAsync(work, cancellationToken);
            var upgrade = new NewUpgrade(
                work.Hash,
                outcome,
                wish.Prompt,
                result with
                {
                    Components = work.Stages.Parts,
                    TraceId = Activity.Current?.TraceId.ToHexString(),
                },
                documents,
                use.PromptId,
                use.Reference,
                run
            );
            meter.Ended(outcome, work.Stages.Parts);
            return (await store.AddAsync(principal, upgrade, cancellationToken), null);
        }
        catch (ProblemException failure)
        {
            return (null, TypedResults.Problem(failure.Problem));
        }
        finally
        {
            meter.Took(time.GetElapsedTime(started));
        }
    }

    /// <summary>
    /// Improves a prompt with a version of the instructions, whatever is in production: without history and a search, past every cache, and
    /// with nothing that takes the place of what a model did not write. It is kept nowhere, and nobody's use.
    /// </summary>
    /// <param name="passages">As if a search had found them.</param>
    /// <param name="models">Asked one after the other.</param>
    /// <param name="areOpen">Whether the version may say whom to ask first.</param>
    public async Task<TriedUpgrade> TryAsync(
        Principal principal,
        string prompt,
        IReadOnlyList<Passage> passages,
        IReadOnlyList<ChatModel> models,
        bool areOpen,
        int? version,
        CancellationToken cancellationToken
    )
    {
        var use = await prompts.PickFixedAsync(principal, UpgradePrompts.Shipped.Id, version, cancellationToken);
        if (use is null)
        {
            return new TriedUpgrade(null, Problem.NotFound("version").ProblemDetails, ModelWork.None);
        }

        var wish = new UpgradeWish(
            prompt,
            [],
            new UpgradeSwitches(Summarises: false, Retrieves: false, Redacts: true, FallsBack: false),
            Model: null,
            Documents: null,
            Collections: null,
            Tags: null,
            CacheFreshness.None
        );
        var work = new Work(principal, wish, use, new Writers(principal, models, areOpen))
        {
            Component = UsageComponent.Evaluation,
        };
        var tally = new WorkTally();
        try
        {
            Redact(work);
            work.Found = FoundPassages.Of(passages, work.Options, work.Vault);
            var written = await AskAsync(work, tally, cancellationToken);
            var finished = Finish(work, written, tally.Work.Model);
            return new TriedUpgrade(finished.UpgradedPrompt, null, tally.Work)
            {
                Changes = [.. finished.Changes.Select(change => $"{change.What} {change.Why}")],
                Guards = tally.Guards,
            };
        }
        catch (ProblemException failure)
        {
            return new TriedUpgrade(null, failure.Problem, tally.Work) { Guards = tally.Guards };
        }
    }

    private async Task PrepareAsync(Work work, CancellationToken cancellationToken)
    {
        Redact(work);
        work.History = await summary.TellAsync(work, cancellationToken);
        work.Found = await FindAsync(work, cancellationToken);
    }

    private void Redact(Work work)
    {
        if (work.Options is not { } options)
        {
            work.Stages.Skipped(UpgradeStage.Redaction, "It was switched off.");
            return;
        }

        var started = time.GetTimestamp();
        work.Prompt = Redaction.Redact(work.Wish.Prompt, options, work.Vault).Text;
        work.Said =
        [
            .. work.Wish.History.Select(message =>
                message with
                {
                    Content = Redaction.Redact(message.Content, options, work.Vault).Text,
                }
            ),
        ];
        work.Stages.Done(UpgradeStage.Redaction, time.GetElapsedTime(started));
    }

    private async Task<FoundPassages> FindAsync(Work work, CancellationToken cancellationToken)
    {
        if (!work.Wish.Switches.Retrieves)
        {
            work.Stages.Skipped(UpgradeStage.Embedding, "Nothing was searched for.");
            work.Stages.Skipped(UpgradeStage.Retrieval, "It was switched off.");
            return FoundPassages.None;
        }

        var query = UpgradeReader.WithoutPlaceholders(work.Prompt, work.Vault);
        if (string.IsNullOrWhiteSpace(query))
        {
            work.Stages.Skipped(UpgradeStage.Embedding, "Nothing was searched for.");
            work.Stages.Skipped(UpgradeStage.Retrieval, "Nothing is left to search for.");
            return FoundPassages.None;
        }

        var started = time.GetTimestamp();
        try
        {
            var found = await FoundPassages.SearchAsync(search, work.Principal, work.Wish, query, cancellationToken);
            var embedding = TimeSpan.FromMilliseconds(found.StageMilliseconds.GetValueOrDefault(StageTimes.Embedding));
            if (found is { Mode: PassageResults.Hybrid, Model: { } model })
            {
                var (tokens, cost) = await vectors.BookQueryAsync(
                    work.Principal,
                    model,
                    FoundPassages.QueryOf(query),
                    embedding,
                    cancellationToken
                );
                work.Stages.Done(UpgradeStage.Embedding, embedding, model, tokens, cost);
            }
            else
            {
                work.Stages.Skipped(UpgradeStage.Embedding, found.Note ?? "Only words were searched.");
            }

            var passages = FoundPassages.Of(found.Passages, work.Options, work.Vault);
            var took = time.GetElapsedTime(started) - embedding;
            work.Stages.Done(UpgradeStage.Retrieval, took < TimeSpan.Zero ? TimeSpan.Zero : took);
            return passages;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.NotRetrieved(logger, exception);
            meter.Failed("retrieval-failed");
            work.Stages.Skipped(UpgradeStage.Embedding, "Nothing was searched for.");
            work.Stages.Failed(
                UpgradeStage.Retrieval,
                time.GetElapsedTime(started),
                "The search failed; the prompt was upgraded without passages."
            );
            return FoundPassages.None;
        }
    }

    private async Task<(string Outcome, UpgradeResult Result, IReadOnlyList<Guid> Documents, Guid? Run)> WriteAsync(
        Work work,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        if (work.Writers.First.IsExtractive)
        {
            var written = TemplateUpgrade.Write(work.Prompt, work.History, work.Found);
            work.Stages.Done(
                UpgradeStage.Upgrader,
                time.GetElapsedTime(started),
                ChatModel.ExtractiveId,
                note: "No model was asked: a template puts the prompt together with what was found."
            );
            return written.Changes.Count > 0
                ? (UpgradeOutcome.Upgraded, Finish(work, written, ChatModel.ExtractiveId), work.Found.Documents, null)
                : (
                    UpgradeOutcome.Original,
                    AsGiven(work, "No model was asked, and nothing was found to add"),
                    [],
                    null
                );
        }

        var tally = new WorkTally();
        try
        {
            var written = await AskAsync(work, tally, cancellationToken);
            work.Stages.Asked(UpgradeStage.Upgrader, time.GetElapsedTime(started), tally);
            // What was written before is no use of the words that wrote it, and its time and cost are none of theirs.
            var run = tally.IsCached ? null : await RecordAsync(RunOutcome.Succeeded);
            return (UpgradeOutcome.Upgraded, Finish(work, written, tally.Work.Model), work.Found.Documents, run);
        }
        catch (ProblemException failure)
        {
            var code = failure.Problem.Type![Problem.TypePrefix.Length..];
            meter.Failed(code);
            // Where there is no money nobody was asked, which says nothing of the words.
            var run = failure.Problem.Status is 402 or 429 ? null : await RecordAsync(PromptedWork.OutcomeOf(failure));
            if (await FallBackAsync(work, failure, tally, started, cancellationToken) is var (outcome, result, seen))
            {
                return (outcome, result, seen, run);
            }

            throw;
        }

        Task<Guid?> RecordAsync(string outcome) =>
            prompts.RecordAsync(
                work.Principal,
                work.Use,
                new RunResult(
                    outcome,
                    tally.Work.Model,
                    tally.Work.InputTokens,
                    tally.Work.OutputTokens,
                    tally.Work.CostNanoDollars,
                    time.GetElapsedTime(started).TotalMilliseconds
                ),
                CancellationToken.None
            );
    }

    private async Task<WrittenUpgrade> AskAsync(Work work, WorkTally tally, CancellationToken cancellationToken)
    {
        var boundary = work.Boundary;
        // What an application names by number itself is not to be taken for passages.
        var shown = work.CitesPassages ? work.Found : FoundPassages.None;
        var request = UpgradePrompts.Request(work.Prompt, work.History, shown.Passages, shown.Texts, boundary);
        var told = ToldText.Of([work.Prompt, work.History, .. shown.Texts]);
        var rules = await work.Writers.RulesAsync(organizations, cancellationToken);
        // One for the prompt and what is said of its changes, and for both answers where the first is sent back: what stands in several counts once.
        var guard = new OutputGuard([boundary], told, rules: rules);
        var isStopped = false;
        string Guarded(string text)
        {
            var (passed, hit) = guard.Whole(text);
            if (passed is null)
            {
                isStopped = true;
                guards.Stopped(hit!, Writer());
                tally.Guarded(hit!);
                throw new ProblemException(ModelProblems.Blocked(hit));
            }

            return passed;
        }

        string Writer() => tally.Work.Model ?? work.Writers.First.Id;

        try
        {
            return await writer.WriteAsync(
                work.Writers,
                new WritingTask(
                    work.Component,
                    "upgrade",
                    work.Use,
                    PromptText.FillSystem(work.Use.Content, boundary),
                    request,
                    boundary,
                    work.Use.Content.MaxTokens ?? MostTokens
                )
                {
                    Sources = new WritingSources(
                        new CacheSpace(work.Principal.Tenant, CacheNamespace.Upgrade, UserId: null),
                        work.Wish.Freshness,
                        [.. shown.Passages.Select(passage => passage.ChunkId.ToString())],
                        shown.Documents
                    ),
                },
                answer =>
                {
                    var read = UpgradeReader.Read(answer, work.Prompt, work.Vault, Guarded);
                    var judged = UpgradeReader.Judged(
                        read,
                        [work.Prompt, .. work.Said.Select(message => message.Content)],
                        shown.Texts
                    );
                    if (read.Value is not null && judged.Value is null)
                    {
                        tally.Guarded(GuardHit.Foreign);
                    }

                    return judged;
                },
                tally,
                cancellationToken
            );
        }
        finally
        {
            tally.Guarded(guard.Removed);
            if (!isStopped)
            {
                guards.Passed(guard, Writer());
            }
        }
    }

    /// <summary>What stands in where no model wrote it: an earlier result of the same request, then the prompt itself; null for nothing.</summary>
    private async Task<(string Outcome, UpgradeResult Result, IReadOnlyList<Guid> Documents)?> FallBackAsync(
        Work work,
        ProblemException failure,
        WorkTally tally,
        long started,
        CancellationToken cancellationToken
    )
    {
        // No money left is nothing that an earlier result should hide.
        if (!work.Wish.Switches.FallsBack || failure.Problem.Status is 402 or 429)
        {
            return null;
        }

        var why = failure.Problem.Title!;
        // What the guards stopped may stand in what was written before they were told to.
        if (
            PromptedWork.OutcomeOf(failure) != RunOutcome.Guarded
            && await store.LastAsync(work.Principal, work.Hash, cancellationToken) is var (result, documents)
        )
        {
            Log.NotUpgraded(logger, UpgradeOutcome.Cached, why);
            work.Stages.Asked(
                UpgradeStage.Upgrader,
                time.GetElapsedTime(started),
                tally,
                "An earlier result of the same request took its place."
            );
            return (
                UpgradeOutcome.Cached,
                result with
                {
                    Reason = $"{why}. This is what the same request brought before.",
                },
                documents
            );
        }

        Log.NotUpgraded(logger, UpgradeOutcome.Original, why);
        work.Stages.Asked(
            UpgradeStage.Upgrader,
            time.GetElapsedTime(started),
            tally,
            "The prompt came back as it was given."
        );
        return (UpgradeOutcome.Original, AsGiven(work, why), []);
    }

    private static UpgradeResult AsGiven(Work work, string why) =>
        new(
            work.Wish.Prompt,
            $"{why}. This is the prompt as it was given.",
            null,
            [],
            [],
            [],
            UpgradeReader.VariablesIn(work.Wish.Prompt),
            []
        );

    private static UpgradeResult Finish(Work work, WrittenUpgrade written, string? model)
    {
        var placeholders = UpgradeReader.PlaceholdersIn(work.Prompt, work.Vault);
        var restored = Redaction.Restore(written.Prompt, work.Vault);
        var (prompt, sources) = work.CitesPassages ? work.Found.Cite(restored) : (restored, []);
        return new UpgradeResult(
            prompt,
            null,
            model,
            [
                .. written.Changes.Select(change => new UpgradeChange(
                    Redaction.Restore(change.What, work.Vault),
                    Redaction.Restore(change.Why, work.Vault)
                )),
            ],
            sources,
            [
                .. placeholders.Select(placeholder => new UpgradePlaceholder(
                    placeholder,
                    prompt.Contains(work.Vault.Entries[placeholder], StringComparison.Ordinal)
                )),
            ],
            UpgradeReader.VariablesIn(work.Wish.Prompt),
            []
        );
    }

    /// <summary>One upgrade on its way. Not safe for concurrent use.</summary>
    internal sealed class Work(Principal principal, UpgradeWish wish, PromptUse use, Writers writers)
    {
        public Principal Principal => principal;

        public UpgradeWish Wish => wish;

        public PromptUse Use => use;

        public Writers Writers => writers;

        /// <summary>Who pays for it: one of <see cref="UsageComponent"/>.</summary>
        public string Component { get; init; } = UsageComponent.Upgrade;

        public byte[] Hash { get; } = wish.Hash();

        /// <summary>New each time: what is quoted cannot know it.</summary>
        public string Boundary { get; } = RandomNumberGenerator.GetHexString(24, lowercase: true);

        public PersonalDataVault Vault { get; } = new();

        /// <summary>What no model is shown; null where it may be shown all.</summary>
        // What is hidden without need comes back in the result; what is not hidden does not come back from a provider.
        public PersonalDataOptions? Options { get; } =
            wish.Switches.Redacts
                ? PersonalDataOptions.Default with
                {
                    LeastConfidence = PersonalDataOptions.Thorough,
                }
                : null;

        public StageTally Stages { get; } = new();

        /// <summary>As models are shown it.</summary>
        public string Prompt { get; set; } = wish.Prompt;

        /// <summary>What was said before, as models are shown it.</summary>
        public IReadOnlyList<HistoryMessage> Said { get; set; } = wish.History;

        /// <summary>The same in short; empty for nothing.</summary>
        public string History { get; set; } = "";

        public FoundPassages Found { get; set; } = FoundPassages.None;

        /// <summary>A prompt that has numbers in brackets itself keeps them; passages would be taken for these.</summary>
        public bool CitesPassages { get; } =
            string.Equals(CitationMarkers.Bracketed(wish.Prompt), wish.Prompt, StringComparison.Ordinal);
    }
}
