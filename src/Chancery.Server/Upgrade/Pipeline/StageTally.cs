using Chancery.Server.Answers.Writing;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Upgrade.Storing;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>What the parts of one pipeline did, as they end. Not safe for concurrent use.</summary>
internal sealed class StageTally
{
    private readonly List<UpgradeComponent> _parts = [];

    public IReadOnlyList<UpgradeComponent> Parts => _parts;

    public void Skipped(string stage, string why) =>
        _parts.Add(new(stage, StageState.Skipped, why, null, 0, 0, false, 0, 0, false));

    /// <param name="tokens">As they are counted here.</param>
    public void Done(
        string stage,
        TimeSpan took,
        string? model = null,
        long tokens = 0,
        NanoDollars cost = default,
        string? note = null
    ) =>
        _parts.Add(new(stage, StageState.Done, note, model, tokens, 0, tokens > 0, cost.Dollars, Rounded(took), false));

    /// <param name="instead">What took its place.</param>
    public void Failed(string stage, TimeSpan took, string instead) =>
        _parts.Add(new(stage, StageState.Failed, instead, null, 0, 0, false, 0, Rounded(took), false));

    /// <summary>A part that asked a model; what was paid is told, also where nothing came of it.</summary>
    /// <param name="failure">What took its place; null where it did its work.</param>
    public void Asked(string stage, TimeSpan took, WorkTally tally, string? failure = null) =>
        _parts.Add(
            new(
                stage,
                failure is null ? StageState.Done : StageState.Failed,
                failure,
                tally.Work.Model,
                tally.Work.InputTokens,
                tally.Work.OutputTokens,
                tally.Work.IsEstimated,
                new NanoDollars(tally.Work.CostNanoDollars).Dollars,
                Rounded(took),
                tally.IsCached
            )
        );

    private static double Rounded(TimeSpan took) => Math.Round(took.TotalMilliseconds, 2);
}
