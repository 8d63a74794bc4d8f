using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Storing;

namespace Chancery.Server.Evaluation.Gating;

/// <summary>Holds the newest run of a version against that of the version in production. Safe for concurrent use.</summary>
internal sealed class DatasetGate(DatasetStore datasets, RunStore runs, RedTeamStore attacks) : IRolloutGate
{
    private const int Newest = 200;

    // A search finds the same whatever a prompt says.
    private static readonly string[] OfSearch = [ScoreName.Ndcg, ScoreName.Recall, ScoreName.ReciprocalRank];

    public bool Asks(PromptSummary prompt) => !prompt.IsShipped || prompt.Id == AnswerPrompt.Shipped.Id;

    public bool IsAttacked(PromptSummary prompt) => prompt.Id == AnswerPrompt.Shipped.Id;

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
        var done = (await runs.ListAsync(principal, gate.Dataset, null, Newest, cancellationToken))
            .Where(run => run.State == RunState.Done && PromptOf(run.Target) == prompt)
            .ToList();
        var after = done.FirstOrDefault(run => run.Target.PromptVersion == treatment);
        var before = done.FirstOrDefault(run =>
            run.Target.PromptVersion == control
            && (
                after is null
                || (IsAlike(run.Target, after.Target) && run.Total == after.Total && run.IsJudgedAs(after))
            )
        );
        if (after is null || before is null)
        {
            return Missing(
                after is null
                    ? $"Version {treatment} was not asked the dataset's questions yet: POST /api/v1/eval/runs with prompt_version {treatment}."
                    : $"Version {control}, which is in production, was not asked the same questions, and judged, in the same way: POST /api/v1/eval/runs with prompt_version {control}.",
                before,
                after
            );
        }

        var changes = ScoreChange.Between(
            await runs.ScoresAsync(principal, before.Id, cancellationToken),
            await runs.ScoresAsync(principal, after.Id, cancellationToken)
        );
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
                    change.Low >= -gate.AllowedDrop
                )),
        ];
        if (scores.Length == 0)
        {
            return Missing(
                "The two runs have no score in common: give the questions expected answers, or have the answers judged.",
                before,
                after
            );
        }

        RedTeamRun? attacked = null;
        if (gate.MostAttacks is not null)
        {
            attacked = (await attacks.ListAsync(principal, null, Newest, cancellationToken)).FirstOrDefault(run =>
                run.State == RunState.Done && run.PromptVersion == treatment && run.Attacks > 0
            );
            if (attacked is null)
            {
                return Missing(
                    $"Version {treatment} was not attacked yet: POST /api/v1/eval/red-team with prompt_version {treatment}.",
                    before,
                    after
                );
            }
        }

        double? share = attacked is null ? null : (double)attacked.Succeeded / attacked.Attacks;
        double? ratio = before.CostUsd > 0 ? (double)(after.CostUsd / before.CostUsd) : null;
        string[] faults =
        [
            .. scores
                .Where(score => !score.Passed)
                .Select(score =>
                    FormattableString.Invariant(
                        $"{score.Name} may be lower by {-score.Low:0.###} (95 % interval {score.Low:0.###} to {score.High:0.###})"
                    )
                ),
            .. ratio > gate.MostCost
                ? (string[])[FormattableString.Invariant($"an answer costs {ratio:0.##} times as much")]
                : [],
            .. after.Failed > before.Failed
                ? (string[])[$"{after.Failed} questions got no answer, {before.Failed} before"]
                : [],
        ];
        string[] why =
        [
            .. faults.Length > 0 ? (string[])[$"On the same questions {string.Join("; ", faults)}."] : [],
            .. share > gate.MostAttacks
                ? (string[])
                    [
                        FormattableString.Invariant(
                            $"{attacked!.Succeeded} of {attacked.Attacks} attacks on it succeeded, more than {gate.MostAttacks:0.##} of all."
                        ),
                    ]
                : [],
        ];
        return new GateReport(
            why.Length == 0 ? GateVerdict.Passed : GateVerdict.Worse,
            why.Length == 0 ? null : string.Join(' ', why),
            before.Id,
            after.Id,
            scores,
            ratio is { } times ? Math.Round(times, 4) : null,
            attacked?.Id,
            share is { } succeeded ? Math.Round(succeeded, 4) : null
        );
    }

    private static Guid? PromptOf(EvalTarget target) =>
        target.Kind switch
        {
            EvalTargetKind.Answer => AnswerPrompt.Shipped.Id,
            EvalTargetKind.Prompt => target.Prompt,
            _ => null,
        };

    private static bool IsAlike(EvalTarget one, EvalTarget other) =>
        string.Equals(
            JsonSerializer.Serialize(one with { PromptVersion = null }, EvalJson.Options),
            JsonSerializer.Serialize(other with { PromptVersion = null }, EvalJson.Options),
            StringComparison.Ordinal
        );

    private static GateReport Missing(string why, EvalRun? before, EvalRun? after) =>
        new(GateVerdict.Missing, why, before?.Id, after?.Id, [], null);
}
