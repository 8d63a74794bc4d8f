using Chancery.Models;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Memory;
using Chancery.Server.Answers.Models;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Upgrade.Storing;
using Chancery.Server.Upgrade.Telemetry;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>What was said before a prompt, short enough to stand beside it. Safe for concurrent use.</summary>
internal sealed class HistorySummary(
    PromptUses prompts,
    ModelWriter writer,
    OrganizationStore organizations,
    GuardNotes guards,
    UpgradeMeter meter,
    TimeProvider time,
    ILogger<HistorySummary> logger
)
{
    /// <summary>A history of not more tokens is told word for word.</summary>
    private const int MostTold = 800;

    private const int SummaryTokens = 600;
    private const int LongestSummary = 4000;

    // What a model that sums up is shown at most, and never more than half of its window.
    private const int MostRead = 24_000;

    /// <returns>As it stands between the marks of the request; empty for nothing.</returns>
    public async Task<string> TellAsync(UpgradePipeline.Work work, CancellationToken cancellationToken)
    {
        if (work.Said.Count == 0)
        {
            work.Stages.Skipped(UpgradeStage.Summarizer, "Nothing was said before.");
            return "";
        }

        if (work.Writers.First.IsExtractive)
        {
            work.Stages.Skipped(UpgradeStage.Summarizer, "No model was asked: the newest messages are told.");
            return UpgradePrompts.TellPlainly(NewestOf(work.Said, MostTold, work.Boundary));
        }

        var whole = UpgradePrompts.Tell(work.Said, work.Boundary);
        if (TokenEstimate.Of(whole) <= MostTold)
        {
            work.Stages.Skipped(UpgradeStage.Summarizer, "What was said before is short, and told word for word.");
            return whole;
        }

        if (!work.Wish.Switches.Summarises)
        {
            work.Stages.Skipped(UpgradeStage.Summarizer, "It was switched off: the newest messages are told.");
            return Newest(work, MostTold);
        }

        var started = time.GetTimestamp();
        var tally = new WorkTally();
        var use = await prompts.PickAsync(work.Principal, UpgradePrompts.HistoryName, null, cancellationToken);
        try
        {
            var summary = await AskAsync(work, use, tally, cancellationToken);
            work.Stages.Asked(UpgradeStage.Summarizer, time.GetElapsedTime(started), tally);
            if (!tally.IsCached)
            {
                await RecordAsync(RunOutcome.Succeeded);
            }

            return summary;
        }
        catch (ProblemException failure) when (failure.Problem.Status is not (402 or 429))
        {
            meter.Failed(failure.Problem.Type![Problem.TypePrefix.Length..]);
            Log.NotSummarised(logger, failure.Message);
            work.Stages.Asked(
                UpgradeStage.Summarizer,
                time.GetElapsedTime(started),
                tally,
                "No model summed it up; the newest messages are told instead."
            );
            await RecordAsync(PromptedWork.OutcomeOf(failure));
            return Newest(work, MostTold);
        }

        Task<Guid?> RecordAsync(string outcome) =>
            prompts.RecordAsync(
                work.Principal,
                use,
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

    private async Task<string> AskAsync(
        UpgradePipeline.Work work,
        PromptUse use,
        WorkTally tally,
        CancellationToken cancellationToken
    )
    {
        var room = Math.Min(MostRead, work.Writers.Targets.Min(model => model.Endpoint!.ContextWindowTokens) / 2);
        var request = UpgradePrompts.HistoryRequest(NewestOf(work.Said, room, work.Boundary), work.Boundary);
        // What it makes up would be what the next model was told.
        var told = ToldText.Of([request]);
        var rules = await work.Writers.RulesAsync(organizations, cancellationToken);
        string Guarded(string answer)
        {
            var guard = new OutputGuard([work.Boundary], told, rules: rules);
            var (text, hit) = guard.Whole(answer);
            if (text is null)
            {
                // Half of a summary would stand for all of it.
                guards.Stopped(hit!, work.Writers.First.Id);
                throw new ProblemException(ModelProblems.Blocked(hit));
            }

            guards.Passed(guard, work.Writers.First.Id);
            return text;
        }

        var written = await writer.WriteAsync(
            work.Writers,
            new WritingTask(
                UsageComponent.Upgrade,
                "summary",
                use,
                PromptText.FillSystem(use.Content, work.Boundary),
                request,
                work.Boundary,
                SummaryTokens
            )
            {
                Form = "the summary that was asked for",
                Sources = new WritingSources(
                    new CacheSpace(work.Principal.Tenant, CacheNamespace.Upgrade, UserId: null),
                    work.Wish.Freshness,
                    [],
                    []
                ),
            },
            answer =>
                Guarded(answer).Trim() is { Length: > 0 } text
                    ? Written<string>.Of(text.Length <= LongestSummary ? text : text[..LongestSummary])
                    : Written<string>.Wrong("there is nothing in it."),
            tally,
            cancellationToken
        );
        return $"In short: {Answers.Prompting.UntrustedText.Neutralise(written, work.Boundary)}";
    }

    private static string Newest(UpgradePipeline.Work work, int tokens) =>
        UpgradePrompts.Tell(NewestOf(work.Said, tokens, work.Boundary), work.Boundary);

    /// <summary>As many as there is room for, oldest first; the newest is cut if it must be.</summary>
    private static List<HistoryMessage> NewestOf(IReadOnlyList<HistoryMessage> said, int tokens, string boundary)
    {
        var kept = new List<HistoryMessage>();
        for (var i = said.Count - 1; i >= 0; i--)
        {
            var cost = TokenEstimate.Of(UpgradePrompts.Tell([said[i]], boundary));
            if (cost > tokens && kept.Count > 0)
            {
                break;
            }

            kept.Add(cost > tokens ? said[i] with { Content = RememberedText.Clip(said[i].Content, tokens) } : said[i]);
            tokens -= cost;
        }

        kept.Reverse();
        return kept;
    }
}
