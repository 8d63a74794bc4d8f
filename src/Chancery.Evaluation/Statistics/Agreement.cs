namespace Chancery.Evaluation.Statistics;

/// <summary>How far two raters agree beyond chance.</summary>
/// <param name="Kappa">
/// Cohen's kappa, at most 1; 0 is chance. Null where both gave one and the same label throughout, which leaves no chance to beat.
/// </param>
/// <param name="Interval">
/// Of kappa (95 %), by the large-sample variance of Fleiss, Cohen and Everitt (1969); where that is nothing, as where all agree, by Wilson's interval of
/// the share that agrees.
/// </param>
/// <param name="Observed">The share of items on which they agree; 0 of none.</param>
/// <param name="Count">Items that both rated.</param>
public sealed record Agreement(double? Kappa, Interval? Interval, double Observed, int Count)
{
    /// <summary>Of two raters over the same items.</summary>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static Agreement Between<TLabel>(IReadOnlyList<TLabel> first, IReadOnlyList<TLabel> second)
        where TLabel : notnull
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count != second.Count)
        {
            throw new ArgumentException($"{first.Count} labels have no pairs in {second.Count}.", nameof(second));
        }

        double n = first.Count;
        if (first.Count == 0)
        {
            return new(null, null, 0, 0);
        }

        var ofFirst = first.CountBy(label => label).ToDictionary(count => count.Key, count => count.Value / n);
        var ofSecond = second.CountBy(label => label).ToDictionary(count => count.Key, count => count.Value / n);
        var observed = first.Zip(second).Count(pair => pair.First.Equals(pair.Second)) / n;
        if (ofFirst.Count == 1 && ofSecond.Count == 1 && observed.Equals(1.0))
        {
            return new(null, null, 1, first.Count);
        }

        var byChance = ofFirst.Sum(label => label.Value * ofSecond.GetValueOrDefault(label.Key));
        var kappa = (observed - byChance) / (1 - byChance);
        var variance = 0.0;
        foreach (var cell in first.Zip(second).CountBy(pair => pair))
        {
            var (row, column) = cell.Key;
            var share = cell.Value / n;
            // The row label's share among the second's labels, and the column label's among the first's.
            var marginals = ofSecond.GetValueOrDefault(row) + ofFirst.GetValueOrDefault(column);
            var weight = row.Equals(column) ? 1 - byChance - marginals * (1 - observed) : -marginals * (1 - observed);
            variance += share * weight * weight;
        }

        var rest = observed * byChance - 2 * byChance + observed;
        variance = Math.Max(0, (variance - rest * rest) / (n * Math.Pow(1 - byChance, 4)));
        if (variance == 0)
        {
            // Where all agree, or none does, the sample has no spread to go by: what is known of the share that agrees bounds kappa.
            var share = Proportion.Wilson((long)Math.Round(observed * n), first.Count);
            return new(
                kappa,
                new(
                    Math.Max(-1, (share.Low - byChance) / (1 - byChance)),
                    Math.Min(1, (share.High - byChance) / (1 - byChance))
                ),
                observed,
                first.Count
            );
        }

        var reach = NormalDistribution.Quantile(0.975) * Math.Sqrt(variance);
        return new(kappa, new(Math.Max(-1, kappa - reach), Math.Min(1, kappa + reach)), observed, first.Count);
    }
}
