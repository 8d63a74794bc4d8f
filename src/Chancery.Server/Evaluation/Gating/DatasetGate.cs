using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Storing;

namespace Chancery.Server.Evaluation.Gating;

/// <summary>Holds the newest run of a version against that of the version in production. Safe for concurrent use.</summary>
internal sealed class DatasetGate(DatasetStore datasets, RunStore runs) : IRolloutGate
{
    private const int Newest = 200;

    // A search finds the same whatever a prompt says.
    private static readonly string[] OfSearch = [ScoreName.Ndcg, ScoreName.Recall, ScoreName.ReciprocalRank];

    public bool Asks(PromptSummary prompt) => !prompt.IsShipped || prompt.Id == AnswerPrompt.Shipped.Id;

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
                    : $"Version {control}, which is in production, was not asked the same questions in the same way: POST /api/v1/eval/runs with prompt_version {control}.",
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
        return new GateReport(
            faults.Length == 0 ? GateVerdict.Passed : GateVerdict.Worse,
            faults.Length == 0 ? null : $"On the same questions {string.Join("; ", faults)}.",
            before.Id,
            after.Id,
            scores,
            ratio is { } times ? Math.Round(times, 4) : null
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
