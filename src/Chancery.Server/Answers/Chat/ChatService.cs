using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Chancery.Guards.Pseudonyms;
using Chancery.Models;
using Chancery.Search;
using Chancery.Server.Access;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Memory;
using Chancery.Server.Answers.Models;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Using;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;
using Npgsql;

namespace Chancery.Server.Answers.Chat;

/// <summary>From a question to an answer whose citations were checked. Safe for concurrent use.</summary>
/// <remarks>No database session is open while a model talks.</remarks>
internal sealed class ChatService(
    IPassageSearch search,
    PageGeometryReader geometry,
    ConversationStore conversations,
    ModelCalls calls,
    SemanticLookup semantic,
    ReasoningSettings reasoning,
    MemorySettings memory,
    ConversationSummaries summaries,
    TokenCalibration calibration,
    OrganizationStore organizations,
    PromptUses prompting,
    WritingModels writers,
    InjectionWatch injections,
    AnswerUses uses,
    GuardNotes guards,
    ShutdownGrace grace,
    TimeProvider time,
    ILogger<ChatService> logger
)
{
    private const string Apology =
        "I am sorry: I could not put an answer together just now. Please try again in a moment.";

    private const string LeftOutThought = "[removed: a thought that repeated the model's instructions]";

    private const int SnippetLength = 240;

    /// <summary>About twice what a token holds in languages with long words: more is said only by what does not count its tokens.</summary>
    internal const int MostCharactersOfToken = 8;

    /// <summary>Storing outlives the caller's connection, but not by much.</summary>
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Answers one question. What exists when the enumeration is given up is stored as partial.</summary>
    /// <param name="traceId">Told to the caller with an apology or an error.</param>
    /// <exception cref="NpgsqlException">PostgreSQL failed; before the first event only.</exception>
    public async IAsyncEnumerable<AnswerEvent> AskAsync(
        Principal principal,
        ChatQuestion question,
        string traceId,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var draft = new AnswerDraft(question.Model.Id, time.GetUtcNow(), question.ThreadId);
        var searching = search.SearchAsync(
            principal.Tenant,
            QueryOf(question) with
            {
                Reader = principal.Reader,
            },
            cancellationToken
        );
        var opening = conversations.OpenAsync(
            principal,
            question.SessionId,
            question.Text,
            question.ThreadId,
            withMemory: !question.Model.IsExtractive,
            cancellationToken
        );
        var ruling = question.Model.IsExtractive
            ? Task.FromResult(AnswerRules.Default)
            : organizations.RulesAsync(principal.Tenant, cancellationToken);
        await Task.WhenAll(searching, opening, ruling);
        question.Guarding.Wanted = await ruling;
        var found = await searching;
        var opened = await opening;
        var conversation = question.Told is { } told ? opened with { Memory = told, Earlier = null } : opened;
        var retrieval = Describe(question.Text, found, conversation, draft);
        var retrievalMs = Milliseconds(started);
        if (AsksModel(question, found, conversation))
        {
            draft.Prompt = question.JoinsRollouts
                ? await prompting.PickAsync(principal, AnswerPrompt.Name, conversation.Id, cancellationToken)
                : await prompting.PickFixedAsync(
                    principal,
                    AnswerPrompt.Shipped.Id,
                    question.PromptVersion,
                    cancellationToken
                );
            if (question.IsModelOpen && draft.Prompt is { } use)
            {
                var models = await writers.WithOwnOfAsync(
                    principal,
                    use.Content,
                    [question.Model, .. question.Fallbacks],
                    cancellationToken
                );
                question = question with { Model = models[0], Fallbacks = [.. models.Skip(1)] };
            }

            if (
                question.Reasoning is { } wish
                && question.Fallbacks.Prepend(question.Model).Any(model => model.Reasons is ModelReasoning.Prompted)
            )
            {
                draft.Thinking = question.JoinsRollouts
                    ? await prompting.PickAsync(principal, ReasoningPrompt.Name, conversation.Id, cancellationToken)
                    : await prompting.PickFixedAsync(
                        principal,
                        ReasoningPrompt.Shipped.Id,
                        number: null,
                        cancellationToken
                    );
                question = question with { Reasoning = wish with { Words = draft.Thinking?.Content.System } };
            }
        }

        yield return new AnswerEvent.Retrieved(retrieval, retrievalMs) { Passages = found.Passages };

        try
        {
            ModelStep.Broke? broke = null;
            if (AsksModel(question, found, conversation))
            {
                var watched = injections.LookAsync(question.Text, found.Passages);
                var answer = AnswerWithModelAsync(
                    principal,
                    question,
                    found,
                    conversation,
                    draft,
                    fault => broke = fault,
                    cancellationToken
                );
                await foreach (var happened in answer)
                {
                    NoteFirstText(draft, happened, started);
                    yield return happened;
                }

                draft.IsBroken = broke is not null;
                draft.Suspected = await watched;
                question.Guarding.Suspected = draft.Suspected;
                if (broke is { Blocked: { } hit })
                {
                    guards.Stopped(hit, draft.Model);
                    question.Guarding.Stopped = hit;
                    await StoreAsync(principal, conversation, question, draft, AnswerOutcome.Blocked, null);
                    yield return new AnswerEvent.Broken(ModelProblems.Complete(ModelProblems.Blocked(hit), traceId));
                    yield break;
                }

                if (broke is { OverBudget: not null } or { IsUncounted: true })
                {
                    var refused = ModelProblems.OfMoney(broke);
                    draft.IsUnasked = true;
                    draft.Append(refused.Detail!);
                    await StoreAsync(principal, conversation, question, draft, AnswerOutcome.Failed, null);
                    yield return new AnswerEvent.Broken(ModelProblems.Complete(refused, traceId));
                    yield break;
                }

                if (broke is { IsKeyRefused: true } && question.Model.IsOwnKey && !draft.IsShown)
                {
                    // Their key, their matter: no quotes in place of what they chose, and no trace in a shared log.
                    var refused = ModelProblems.KeyRefused(question.Model.Name);
                    draft.IsUnasked = true;
                    draft.Append(refused.Detail!);
                    await StoreAsync(principal, conversation, question, draft, AnswerOutcome.Failed, null);
                    yield return new AnswerEvent.Broken(ModelProblems.Complete(refused, traceId));
                    yield break;
                }

                if (broke is not null && draft.IsShown)
                {
                    Log.ModelBrokeOff(logger, question.Model.Id, broke.Fault);
                    await StoreAsync(principal, conversation, question, draft, AnswerOutcome.Partial, null);
                    yield return new AnswerEvent.Broken(ModelProblems.Complete(ProblemOf(broke), traceId));
                    yield break;
                }

                if (broke is not null)
                {
                    Log.ModelReplaced(logger, question.Model.Id, broke.Fault);
                    draft.Degrade(ChatModel.ExtractiveId);
                }
            }

            var outcome = AnswerOutcome.Answered;
            if (broke is not null || !AsksModel(question, found, conversation))
            {
                var pieces = Extract(question.Text, found.Passages, out var failed);
                foreach (var piece in pieces)
                {
                    draft.Append(piece.Text);
                    draft.IsShown = true;
                    draft.FirstTextMs ??= Milliseconds(started);
                    yield return new AnswerEvent.Text(piece.Text);
                }

                foreach (var reference in pieces.SelectMany(piece => piece.References))
                {
                    var citation = await CiteAsync(principal, found.Passages, reference, cancellationToken);
                    draft.Citations.Add(citation);
                    yield return new AnswerEvent.Cited(citation);
                }

                outcome = failed ? AnswerOutcome.Failed : outcome;
            }

            if (outcome != AnswerOutcome.Failed && draft.Citations.Count == 0)
            {
                outcome = AnswerOutcome.Unsupported;
            }

            // A rollout is told when a version makes answers worse, whoever does or does not say so with a thumb.
            if (broke is null && draft.Prompt is { Rollout: not null })
            {
                draft.Support = AnswerJudgement.SupportOf(
                    outcome,
                    draft.Text,
                    draft.Shown.Select(passage => passage.Text)
                );
            }

            var totalMs = Milliseconds(started);
            var timings = new AnswerTimings(
                Math.Round(retrievalMs, 2),
                draft.FirstTextMs is { } first ? Math.Round(first, 2) : null,
                Math.Round(totalMs - retrievalMs, 2),
                Math.Round(totalMs, 2)
            );
            var (stored, messageId) = await StoreAsync(principal, conversation, question, draft, outcome, timings);
            if (!stored)
            {
                var lost = Problem.Unavailable("The answer could not be stored. Ask again in a moment.");
                yield return new AnswerEvent.Broken(ModelProblems.Complete(lost.ProblemDetails, traceId));
                yield break;
            }

            summaries.Consider(principal, conversation.Id, draft.LeftOut, [question.Model, .. question.Fallbacks]);
            yield return new AnswerEvent.Done(
                new ChatAnswer(
                    draft.Text,
                    conversation.SessionId,
                    conversation.Id,
                    messageId,
                    draft.Model,
                    outcome,
                    draft.Degraded ? true : null,
                    draft.Truncated ? true : null,
                    draft.Citations,
                    draft.Unsupported.Count > 0 ? draft.Unsupported : null,
                    retrieval,
                    draft.Usage,
                    timings,
                    outcome == AnswerOutcome.Failed ? traceId : null,
                    draft.Cached ? true : null,
                    draft.Similarity is { } similarity ? Math.Round(similarity, 4) : null,
                    draft.Steps.Count > 0 ? draft.Steps : null
                )
            );
        }
        finally
        {
            // The caller left in the middle.
            if (!draft.IsClosed)
            {
                await StoreAsync(principal, conversation, question, draft, AnswerOutcome.Partial, null);
            }
        }
    }

    /// <summary>Without passages and without a conversation there is nothing that a model could go by.</summary>
    private static bool AsksModel(ChatQuestion question, PassageResults found, OpenConversation conversation) =>
        !question.Model.IsExtractive && (found.Passages.Count > 0 || conversation.Memory.Count > 0);

    private async IAsyncEnumerable<AnswerEvent> AnswerWithModelAsync(
        Principal principal,
        ChatQuestion question,
        PassageResults found,
        OpenConversation conversation,
        AnswerDraft draft,
        Action<ModelStep.Broke> onBroke,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Models that are asked beside each other are written to beside each other.
        var prompts = new ConcurrentDictionary<string, Prompt>();
        SemanticLookup.Found? alike = null;
        var telling = new ToldExchange(question.Text, found.Passages, conversation.Memory, conversation.Earlier);
        // Whoever serves the model: the next one of the chain may be somebody else's.
        telling = question.Guarding.Wanted.HidesPersonalData ? telling.Hide() : telling;
        var restoring = telling.Hidden?.Restoring();
        ChatRequest RequestFor(ChatModel model)
        {
            var prompt = PromptBuilder.Build(
                telling.Question,
                telling.Passages,
                telling.Memory,
                calibration.WindowOf(model),
                question.MaxTokens
                    ?? (
                        draft.Prompt?.Content.MaxTokens is { } most
                            ? Math.Min(most, model.MaxOutputTokens ?? most)
                            : null
                    ),
                question.Reasoning is { } wish ? ReasoningRequest.RoomFor(model, wish) : null,
                telling.Earlier,
                memory.MostPairs,
                draft.Prompt?.Content,
                hasPlaceholders: telling.Hidden is not null
            );
            // What is cited is what was found, not what was told of it.
            prompt = prompt with
            {
                Passages = [.. found.Passages.Take(prompt.Passages.Count)],
            };
            prompts[model.Id] = prompt;
            var chat = new ChatOptions
            {
                Temperature = question.Temperature ?? (float?)draft.Prompt?.Content.Temperature,
                MaxOutputTokens = prompt.MaxOutputTokens,
            };
            if (question.Reasoning is not null)
            {
                ReasoningRequest.Apply(chat, model, reasoning, prompt.ThinkingTokens);
            }

            var request = ModelRequests.Of(
                principal.Tenant,
                model,
                prompt,
                chat,
                // Whoever wants it thought step by step wants it thought: such an answer is neither kept nor given again.
                question.Reasoning
                    is null
                    ? question.Freshness
                    : CacheFreshness.None
            );
            // An answer to other words: it is given, and none that is made now stands for it.
            return alike?.Key is { } key
                ? request with
                {
                    Cache = request.Cache! with { Key = key, Freshness = CacheFreshness.Any with { Stores = false } },
                }
                : request;
        }

        // Models think for different lengths: the longest has to be paid for, whoever of them answers.
        int MostOutput() =>
            question.Fallbacks.Prepend(question.Model).Max(model => RequestFor(model).Options.MaxOutputTokens ?? 0);

        // What a placeholder stood for in another question that is alike, nobody knows.
        alike = telling.Hidden is not null
            ? null
            : await semantic.FindAsync(
                principal,
                question,
                conversation.Memory.Count,
                question.Model,
                RequestFor,
                () => prompts[question.Model.Id],
                cancellationToken
            );

        CitedTextReader? reader = null;
        OutputGuard? guard = null;
        var held = new List<AnswerEvent>();
        var early = new Queue<(int Marker, Citation Citation)>();
        var heldCharacters = 0;
        var spokenCharacters = 0L;
        await using var voice = new ModelVoice(
            cancel =>
                calls.OpenAsync(
                    Payer.Of(principal),
                    new UsagePurpose(question.Component, "answer") { Prompt = draft.Prompt?.Used },
                    [question.Model, .. question.Fallbacks],
                    RequestFor,
                    cancel,
                    showsThoughts: question.Reasoning is { IsShown: true },
                    isAdapted: true,
                    mostOutputTokens: question.Reasoning is null ? null : MostOutput()
                ),
            grace,
            cancellationToken,
            question.Reasoning is { } told ? model => ReasoningRequest.ReaderFor(model, told) : null,
            cost => question.Bill.Cost += cost
        );

        ModelStep step;
        do
        {
            step = await voice.NextAsync();
            // The prompt is the one of whoever answers: its passages are what can be cited.
            var prompt = prompts[voice.Model?.Id ?? question.Model.Id];
            if (
                step is ModelStep.Said more
                && (spokenCharacters += more.Text.Length) > (long)prompt.MaxOutputTokens * MostCharactersOfToken
            )
            {
                // It does not keep to the limit of tokens that it was given.
                step = new ModelStep.Ended(Truncated: true, Usage: null);
            }

            reader ??= new CitedTextReader(new CitationVerifier(prompt.Passages));
            question.Cache.Outcome = voice.Cache;
            guard ??= new OutputGuard(
                [prompt.Boundary],
                ToldText.Of(prompt, telling.Hidden),
                RuleEcho.Of(prompt),
                question.Guarding.Wanted
            );
            question.Guarding.Rules ??= prompt.Messages[0].Text;
            if (voice.Model is { Reasons: ModelReasoning.Native })
            {
                draft.Thinking = null;
            }

            if (step is ModelStep.Broke broke)
            {
                draft.Unsupported = [.. reader.Unsupported.Select(guard.Clean)];
                onBroke(broke);
                yield break;
            }

            if (step is ModelStep.Reasoned reasoned)
            {
                draft.HasThought = true;
                if (!question.Reasoning!.IsShown)
                {
                    continue;
                }

                var thought = WithoutMarkers(Restored(reasoned.Step, telling.Hidden));
                if (guard.StopIn(thought.All) is { } revealed)
                {
                    question.Guarding.Removed = guard.Removed;
                    draft.AnsweredBy(voice.Model!.Id);
                    onBroke(new ModelStep.Broke(null, Stopping: false) { Blocked = revealed });
                    yield break;
                }

                // A model that thinks about its rules has not yet told them: the thought goes, and the answer comes.
                yield return Note(
                    guard.LeavesOut(thought.Thought, thought.Action)
                        ? thought with
                        {
                            Thought = LeftOutThought,
                            Action = null,
                        }
                        : Cleaned(thought, guard),
                    conversation,
                    draft,
                    prompt
                );

                continue;
            }

            // Restored first: what is cited is looked for in the passages as they were found.
            var piece = step is ModelStep.Said said
                ? reader.Feed(restoring is null ? said.Text : restoring.Append(said.Text))
                : Finish(reader, restoring);
            // Guarded is what leaves, markers checked: taking one out must not make a secret whole.
            var text = guard.Feed(piece.Text) + (step is ModelStep.Ended ? guard.Finish() : "");
            draft.Append(text);
            heldCharacters += text.Length;
            if (text.Length > 0)
            {
                held.Add(new AnswerEvent.Text(text));
            }

            if (guard.Hit is { } hit)
            {
                question.Guarding.Removed = guard.Removed;
                draft.AnsweredBy(voice.Model!.Id);
                draft.Unsupported = [.. reader.Unsupported.Select(guard.Clean)];
                foreach (var happened in question.HoldCharacters == 0 ? held : [])
                {
                    draft.IsShown = true;
                    yield return happened;
                }

                onBroke(new ModelStep.Broke(null, Stopping: false) { Blocked = hit });
                yield break;
            }

            foreach (var reference in piece.References)
            {
                var citation = await CiteAsync(principal, prompt.Passages, reference, cancellationToken);
                draft.Citations.Add(citation);
                early.Enqueue((reference.Marker, citation));
            }

            // The guard holds the last words back: a citation comes after the text that its marker stands in.
            while (
                early.TryPeek(out var next)
                && (
                    step is ModelStep.Ended
                    || draft.Text.Contains(
                        string.Create(CultureInfo.InvariantCulture, $"[{next.Marker}]"),
                        StringComparison.Ordinal
                    )
                )
            )
            {
                held.Add(new AnswerEvent.Cited(next.Citation));
                early.Dequeue();
            }

            if (!draft.IsShown && heldCharacters <= question.HoldCharacters)
            {
                continue;
            }

            foreach (var happened in held)
            {
                draft.IsShown = true;
                yield return happened;
            }

            held.Clear();
        } while (step is not ModelStep.Ended);

        var ended = (ModelStep.Ended)step;
        var asked = prompts[voice.Model!.Id];
        if (ended.Usage is { } usage && voice.Cache is not CacheOutcome.Hit)
        {
            calibration.Note(voice.Model, asked.EstimatedTokens, TokenCounts.Of(usage).TotalInput);
        }

        draft.Shown = asked.Passages;
        draft.LeftOut = question.Told is null && question.ThreadId is null ? asked.LeftOut : [];
        draft.AnsweredBy(voice.Model!.Id);
        draft.Cached = voice.Cache is CacheOutcome.Hit;
        draft.Similarity = draft.Cached ? alike?.Similarity : null;
        if (alike is not null && voice.Cache is CacheOutcome.Miss)
        {
            await semantic.RememberAsync(question, alike);
        }

        // They repeat what the model said, and leave as the answer does.
        draft.Unsupported = [.. reader.Unsupported.Select(guard.Clean)];
        question.Guarding.Removed = guard.Removed;
        guards.Passed(guard, draft.Model);
        draft.Truncated = ended.Truncated;
        draft.Usage = draft.Cached
            ? new TokenUsage(0, 0)
            : TokenUsage.Of(
                ended.Usage,
                asked.EstimatedTokens,
                question.Reasoning is null ? TokenEstimate.Of(draft.Text) : voice.EstimatedTokens
            );
        foreach (var happened in held)
        {
            draft.IsShown = true;
            yield return happened;
        }
    }

    private IReadOnlyList<CitedText> Extract(string question, IReadOnlyList<Passage> passages, out bool failed)
    {
        failed = false;
        try
        {
            return ExtractiveAnswers.Answer(question, passages);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.Apologised(logger, exception);
            failed = true;
            return [new CitedText(Apology, [])];
        }
    }

    private async Task<Citation> CiteAsync(
        Principal principal,
        IReadOnlyList<Passage> passages,
        Reference reference,
        CancellationToken cancellationToken
    )
    {
        var support = reference.Support;
        var passage = passages[support.Number - 1];
        var citation = Citation.Of(reference.Marker, passage, support.Start, support.End);
        try
        {
            var page = await geometry.BoxesAsync(
                principal.Tenant,
                principal.Reader,
                citation.DocumentId,
                citation.Version,
                citation.Page,
                citation.Start,
                citation.End,
                cancellationToken
            );
            return page is null ? citation : citation.At(page);
        }
        catch (NpgsqlException)
        {
            // The quote stands without its boxes; storing will tell that the database is away.
            return citation;
        }
    }

    /// <summary>Stores the draft once, on its own time: the caller may have left.</summary>
    private async Task<(bool Stored, Guid MessageId)> StoreAsync(
        Principal principal,
        OpenConversation conversation,
        ChatQuestion question,
        AnswerDraft draft,
        string outcome,
        AnswerTimings? timings
    )
    {
        draft.IsClosed = true;
        // Ids sort by their millisecond: the answer's comes after the question's.
        var now = time.GetUtcNow();
        var answeredAt = now > draft.AskedAt.AddMilliseconds(1) ? now : draft.AskedAt.AddMilliseconds(1);
        var id = Guid.CreateVersion7(answeredAt);
        if (!question.IsKept)
        {
            return (true, id);
        }

        using var limit = new CancellationTokenSource(StoreTimeout, time);
        try
        {
            var usage = new
            {
                tokens = draft.Usage,
                trace_id = Activity.Current?.TraceId.ToHexString(),
                timings,
                cached = draft.Cached ? true : (bool?)null,
                suspected = draft.Suspected.Count > 0 ? draft.Suspected : null,
            };
            var exchange = draft.ToExchange(question, outcome, id, answeredAt, usage);
            await conversations.SaveAsync(principal, conversation, exchange, limit.Token);
            await uses.RecordAsync(principal, question, draft, outcome, id, answeredAt, limit.Token);
            return (true, id);
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException
                || (exception is OperationCanceledException && limit.IsCancellationRequested)
            )
        {
            Log.AnswerNotStored(logger, exception);
            return (false, id);
        }
    }

    private static PassageQuery QueryOf(ChatQuestion question) =>
        new(
            question.Text,
            AnswersOptions.PassageLimit,
            Documents: question.Documents,
            Tags: question.Tags,
            Collections: question.Collections,
            ForAnswer: true
        );

    private static Retrieval Describe(
        string question,
        PassageResults found,
        OpenConversation conversation,
        AnswerDraft draft
    ) =>
        new(
            found.Mode,
            found.Engine,
            found.Note,
            [.. found.Passages.Select(passage => Summarise(question, passage))],
            conversation.SessionId,
            conversation.Id,
            draft.QuestionId,
            draft.ThreadId
        );

    private static PassageSummary Summarise(string question, Passage passage)
    {
        var span = Highlighter.Snippet(question, passage.Text, SnippetLength).Span;
        return new PassageSummary(
            passage.ChunkId,
            passage.DocumentId,
            passage.Version,
            passage.Title,
            passage.Path,
            passage.Tags,
            passage.Page,
            passage.Start,
            passage.End,
            passage.Score,
            span.In(passage.Text).ToString()
        );
    }

    /// <summary>Markers number passages, of which only the answer's citations are checked: thoughts go without.</summary>
    private static ReadStep WithoutMarkers(ReadStep step) =>
        step with
        {
            Thought = CitationMarkers.Remove(step.Thought),
            Action = step.Action is { } action ? CitationMarkers.Remove(action) : null,
        };

    private static ReadStep Restored(ReadStep step, HiddenData? hidden) =>
        hidden is null
            ? step
            : step with
            {
                Thought = hidden.Restore(step.Thought),
                Action = step.Action is { } action ? hidden.Restore(action) : null,
            };

    private static CitedText Finish(CitedTextReader reader, RestoringStream? restoring)
    {
        var held = restoring is null ? new CitedText("", []) : reader.Feed(restoring.Complete());
        var last = reader.Finish();
        return new CitedText(held.Text + last.Text, [.. held.References, .. last.References]);
    }

    private static ReadStep Cleaned(ReadStep step, OutputGuard guard) =>
        step with
        {
            Thought = guard.Clean(step.Thought),
            Action = step.Action is { } action ? guard.Clean(action) : null,
        };

    private AnswerEvent.Reasoned Note(ReadStep step, OpenConversation conversation, AnswerDraft draft, Prompt prompt)
    {
        var told = step.At(time.GetUtcNow());
        draft.Steps.Add(told);
        // It may tell again what an earlier answer told it of a document.
        draft.DocumentsRead =
        [
            .. prompt
                .Passages.Select(passage => passage.DocumentId)
                .Concat(conversation.Memory.SelectMany(pair => pair.Documents ?? []))
                .Concat(conversation.Earlier?.Documents ?? [])
                .Distinct(),
        ];
        return new AnswerEvent.Reasoned(told);
    }

    private void NoteFirstText(AnswerDraft draft, AnswerEvent happened, long started)
    {
        if (happened is AnswerEvent.Text)
        {
            draft.FirstTextMs ??= Milliseconds(started);
        }
    }

    private double Milliseconds(long started) => time.GetElapsedTime(started).TotalMilliseconds;

    private static ProblemDetails ProblemOf(ModelStep.Broke broke) =>
        (
            broke.Stopping
                ? Problem.Of(
                    503,
                    "shutting-down",
                    "The server is stopping",
                    "What there was of the answer is stored. Ask again in a moment."
                )
                : Problem.Of(
                    502,
                    "model-failed",
                    "The model broke off",
                    "What there was of the answer is stored. Ask again, or choose another model."
                )
        ).ProblemDetails;
}
