using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Memory;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Revising;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Upgrade.Pipeline;

namespace Chancery.Server.Evaluation.Gating;

/// <summary>Holds the newest run of a version against that of the version in production. Safe for concurrent use.</summary>
internal sealed class DatasetGate(DatasetStore datasets, RunStore runs, RedTeamStore attacks, PromptStore prompts)
    : IRolloutGate
{
    private const int Newest = 200;

    // A search finds the same whatever a prompt says.
    private static readonly string[] OfSearch = [ScoreName.Ndcg, ScoreName.Recall, ScoreName.ReciprocalRank];

    // Of the product's own, those that a run can be of.
    private static readonly Guid[] Evaluated =
    [
        AnswerPrompt.Shipped.Id,
        UpgradePrompts.Shipped.Id,
        DraftPrompts.Shipped.Id,
        ReasoningPrompt.Shipped.Id,
    ];

    public string? WhyNone(PromptSummary prompt) =>
        !prompt.IsShipped || Evaluated.Contains(prompt.Id) ? null
        : prompt.Id == RevisionPrompts.Shipped.Id
            ? "A change is made to a contract, and a dataset's questions stand alone."
        : prompt.Id == UpgradePrompts.History.Id || prompt.Id == ConversationSummaries.Shipped.Id
            ? "It sums up what was said before, and a dataset's questions stand alone."
        : JudgePrompts.Shipped.Any(judge => judge.Id == prompt.Id)
            ? "How good a judge is, agreement with people says: ask a run again with the new version, and compare its calibration."
        : "No evaluation asks it.";

    public async Task<bool> KnowsAsync(Principal principal, Guid dataset, CancellationToken cancellationToken) =>
        await datasets.FindAsync(principal, dataset, cancellationToken) is not null;

    public async Task<GateReport> LookAsync(
        Principal principal,
        RolloutGate gate,
        Guid prompt,
        int control,
        int treatment,
        CancellationToken cancellationToken
    )
    {
        // A number alone says little: it is given again when a prompt goes back to what was shipped.
        var production = await prompts.FindVersionAsync(principal, prompt, control, cancellationToken);
        var candidate = await prompts.FindVersionAsync(principal, prompt, treatment, cancellationToken);
        var all = (await runs.ListAsync(principal, gate.Dataset, null, Newest, cancellationToken))
            .Where(run => run.Target.AskedPrompt() == prompt && (IsOf(run, production) || IsOf(run, candidate)))
            .ToList();
        var done = all.Where(run => run.State == RunState.Done).ToList();
        var after = done.FirstOrDefault(run => run.Target.PromptVersion == treatment);
        var before = done.FirstOrDefault(run =>
            run.Target.PromptVersion == control
            && (
                after is null
                || (
                    IsAlike(run.Target, after.Target)
                    && run.Total == after.Total
                    && run.Repeats == after.Repeats
                    && run.IsJudgedAs(after)
                )
            )
        );
        if (after is null || before is null)
        {
            return Missing(
                after is null
                    ? $"{Early(all, treatment)}Version {treatment} was not asked all of the dataset's questions yet: POST /api/v1/eval/runs with prompt_version {treatment}."
                    : $"Version {control}, which is in production, was not asked the same questions, and judged, in the same way: POST /api/v1/eval/runs with prompt_version {control}.",
                before,
                after
            );
        }

        var scoresBefore = await runs.ScoresAsync(principal, before.Id, cancellationToken);
        var scoresAfter = await runs.ScoresAsync(principal, after.Id, cancellationToken);
        var changes = ScoreChange.Between(scoresBefore, scoresAfter);
        GateScore[] scores =
        [
            .. changes
                .Where(change => change.Low is not null && !OfSearch.Contains(change.Name, StringComparer.Ordinal))
                .Select(change => new GateScore(
                    change.Name,
                    change.Before!.Value,
                    change.After!.Value,
                    change.Low!.Value,
                    change.High!.Value,
                    change.Low >= -gate.AllowedDrop,
                    Rounded(GateEvidence.CoverageOf(change.Name, scoresBefore, scoresAfter))
                )),
        ];
        if (scores.Length == 0 && after.Failed <= before.Failed)
        {
            return Missing(
                "The two runs have no score in common: give the questions expected answers, or have the answers judged.",
                before,
                after
            );
        }

        AttackEvidence? attacked = null;
        if (gate.MostAttacks is not null)
        {
            var target = AttackTarget.Of(prompt, treatment);
            var shipped = target.Shipped(target.RulesIn(candidate!.Content.System)).Count;
            var tried = await attacks.EvidenceAsync(principal, target, candidate, Newest, cancellationToken);
            attacked = tried.FirstOrDefault(run => run.WhyNot(shipped) is null);
            if (attacked is null)
            {
                var lacking =
                    tried.Count == 0
                        ? $"Version {treatment} was not attacked yet"
                        : $"No attack on version {treatment} says enough of it; the newest red-team run {tried[0].WhyNot(shipped)}";
                return Missing(
                    $"{lacking}: POST /api/v1/eval/red-team with {Naming(target)}prompt_version {treatment} and no limit, classes or cases.",
                    before,
                    after
                );
            }
        }

        var cost = GateCost.Between(
            await runs.CostsAsync(principal, before.Id, cancellationToken),
            await runs.CostsAsync(principal, after.Id, cancellationToken)
        );
        var coverageBefore = await CoverageAsync(principal, before, cancellationToken);
        var coverageAfter = await CoverageAsync(principal, after, cancellationToken);
        string[] faults =
        [
            .. scores
                .Where(score => !score.Passed)
                .Select(score =>
                    FormattableString.Invariant(
                        $"{score.Name} may be lower by {-score.Low:0.###} (95 % interval {score.Low:0.###} to {score.High:0.###})"
                    )
                ),
            .. cost.Ratio > gate.MostCost
                ? (string[])[FormattableString.Invariant($"an answer costs {cost.Ratio:0.##} times as much")]
                : [],
            .. (double?)cost.After > gate.MostCostUsd
                ? (string[])
                    [
                        FormattableString.Invariant(
                            $"an answer costs ${cost.After:0.######}, more than ${gate.MostCostUsd:0.######}"
                        ),
                    ]
                : [],
            .. after.Failed > before.Failed
                ? (string[])[$"{after.Failed} questions got no answer, {before.Failed} before"]
                : [],
        ];
        string[] why =
        [
            .. faults.Length > 0 ? (string[])[$"On the same questions {string.Join("; ", faults)}."] : [],
            .. attacked?.Holds(gate.MostAttacks!.Value) == false
                ? (string[])
                    [
                        FormattableString.Invariant(
                            $"{attacked.Succeeded} of {attacked.Attacks} attacks on it succeeded: up to {attacked.Rate.High:0.###} of all may (95 % interval), more than {gate.MostAttacks:0.###}."
                        ),
                    ]
                : [],
        ];
        var verdict = GateVerdict.Worse;
        if (why.Length == 0)
        {
            // What nothing speaks against may still have too little that speaks for it.
            why =
            [
                .. Uncovered(control, coverageBefore, gate.LeastCoverage),
                .. Uncovered(treatment, coverageAfter, gate.LeastCoverage),
                .. scores
                    .Where(score => score.Coverage < gate.LeastCoverage)
                    .Select(score =>
                        FormattableString.Invariant(
                            $"Only {score.Coverage:0.##} of the questions that {score.Name} could be given for have it of both versions, and {gate.LeastCoverage:0.##} must."
                        )
                    ),
                .. cost.IsUntold && gate.MostCostUsd is null
                    ? (string[])
                        [
                            FormattableString.Invariant(
                                $"Answers of version {control} cost nothing, so that no ratio tells how dear those of version {treatment} are (${cost.After:0.######} each): say in most_cost_usd what one may cost."
                            ),
                        ]
                    : [],
            ];
            verdict = why.Length == 0 ? GateVerdict.Passed : GateVerdict.Missing;
        }

        return new GateReport(
            verdict,
            why.Length == 0 ? null : string.Join(' ', why),
            before.Id,
            after.Id,
            scores,
            cost.Ratio is { } times ? Rounded(times) : null,
            attacked?.Id,
            attacked?.Rate.Value is { } succeeded ? Rounded(succeeded) : null,
            Rounded(coverageBefore),
            Rounded(coverageAfter),
            cost.After is { } each ? Math.Round(each, 9) : null
        );
    }

    private static string Naming(AttackTarget target) =>
        target.Kind switch
        {
            RedTeamTarget.Answer => "",
            RedTeamTarget.Prompt => $"target prompt, prompt {target.Prompt}, ",
            _ => $"target {target.Kind}, ",
        };

    private async Task<double> CoverageAsync(Principal principal, EvalRun run, CancellationToken cancellationToken)
    {
        var (questions, answered) = await runs.CoverageAsync(principal, run, cancellationToken);
        return questions == 0 ? 0 : (double)answered / questions;
    }

    private static string[] Uncovered(int version, double coverage, double least) =>
        coverage >= least
            ? []
            :
            [
                FormattableString.Invariant(
                    $"Version {version} answered {coverage:0.##} of the dataset's questions as they are now, and {least:0.##} must have an answer: run it again."
                ),
            ];

    /// <summary>What is known of a run of the version that did not come to its end; empty where there is none.</summary>
    private static string Early(IEnumerable<EvalRun> runs, int version) =>
        runs.FirstOrDefault(run => run.Target.PromptVersion == version) switch
        {
            { State: RunState.OverCap } run =>
                $"Its newest run reached its cap on cost after {run.Asked} of {run.Total} questions. ",
            { HasEnded: true } run => $"Its newest run ended early, after {run.Asked} of {run.Total} questions. ",
            { } run => $"Its newest run is at {run.Asked} of {run.Total} questions. ",
            null => "",
        };

    private static double Rounded(double value) => Math.Round(value, 4);

    /// <summary>Whether it asked these words; where those that it asked are not known, whether it is younger than the version.</summary>
    private static bool IsOf(EvalRun run, PromptVersionView? version) =>
        version is not null
        && run.Target.PromptVersion == version.Number
        && (
            run.PromptSha256 is { } asked
                ? string.Equals(asked, version.Sha256, StringComparison.Ordinal)
                : run.CreatedAt >= version.CreatedAt
        );

    private static bool IsAlike(EvalTarget one, EvalTarget other) =>
        string.Equals(
            JsonSerializer.Serialize(one with { PromptVersion = null }, EvalJson.Options),
            JsonSerializer.Serialize(other with { PromptVersion = null }, EvalJson.Options),
            StringComparison.Ordinal
        );

    private static GateReport Missing(string why, EvalRun? before, EvalRun? after) =>
        new(GateVerdict.Missing, why, before?.Id, after?.Id, [], null);
}
