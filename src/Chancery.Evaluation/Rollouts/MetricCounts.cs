namespace Chancery.Evaluation.Rollouts;

/// <summary>What was seen of one metric in one arm.</summary>
/// <param name="Observed">Uses for which the metric is known; a use that nobody rated is not in a count of thumbs.</param>
/// <param name="Bad">How many of them went wrong, as the metric says; at most <paramref name="Observed"/>.</param>
public readonly record struct MetricCounts(long Observed, long Bad)
{
    /// <summary>The share that went wrong; null of nothing.</summary>
    public double? Rate => Observed > 0 ? (double)Bad / Observed : null;

    public static MetricCounts operator +(MetricCounts left, MetricCounts right) =>
        new(checked(left.Observed + right.Observed), checked(left.Bad + right.Bad));

    internal void Check(string name)
    {
        if (Bad < 0 || Bad > Observed)
        {
            throw new ArgumentException($"{Bad} bad of {Observed} observed cannot be.", name);
        }
    }
}
