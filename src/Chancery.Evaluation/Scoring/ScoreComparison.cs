using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Scoring;

/// <summary>Two runs over the same questions, question by question.</summary>
/// <param name="Difference">Mean of the second less the first, of questions that both have a number for; null of none.</param>
/// <param name="Interval">Of the difference (95 %), by paired bootstrap.</param>
/// <param name="PValue">Of the exact sign test, which is McNemar's where scores are 0 or 1.</param>
/// <param name="Better">Questions on which the second run scores higher.</param>
/// <param name="Worse">Questions on which it scores lower.</param>
/// <param name="Pairs">Questions that both runs have a number for.</param>
/// <param name="Unpaired">Questions for which only one has a number: a difference that leaves many out says little.</param>
public sealed record ScoreComparison(
    double? Difference,
    Interval? Interval,
    double PValue,
    int Better,
    int Worse,
    int Pairs,
    int Unpaired
)
{
    /// <exception cref="ArgumentException">The runs have not the same number of questions.</exception>
    public static ScoreComparison Between(IReadOnlyList<Score> first, IReadOnlyList<Score> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count != second.Count)
        {
            throw new ArgumentException($"{first.Count} scores have no pairs in {second.Count}.", nameof(second));
        }

        var pairs = (
            from pair in first.Zip(second)
            where pair.First.Value is not null && pair.Second.Value is not null
            select (Before: pair.First.Value!.Value, After: pair.Second.Value!.Value)
        ).ToList();
        double[] before = [.. pairs.Select(pair => pair.Before)];
        double[] after = [.. pairs.Select(pair => pair.After)];
        return new(
            pairs.Count == 0 ? null : after.Average() - before.Average(),
            Bootstrap.OfMeanDifference(before, after),
            PairedTest.Sign(before, after),
            pairs.Count(pair => pair.After > pair.Before),
            pairs.Count(pair => pair.After < pair.Before),
            pairs.Count,
            first.Zip(second).Count(pair => pair.First.Value is null != pair.Second.Value is null)
        );
    }

    /// <summary>Whether the second run may be worse by more than this: what a gate refuses.</summary>
    /// <param name="tolerance">Largest loss that does not matter, from 0.</param>
    public bool MayBeWorseBy(double tolerance) => Interval is not { } interval || interval.Low < -tolerance;
}
