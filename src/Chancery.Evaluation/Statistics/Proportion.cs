namespace Chancery.Evaluation.Statistics;

/// <summary>What a count of successes says of the share behind it.</summary>
public static class Proportion
{
    /// <summary>
    /// Wilson's score interval (1927), which keeps its coverage near 0 and 1 and for few observations. [0, 1] of nothing.
    /// </summary>
    /// <param name="confidence">Between 0 and 1, both excluded; two-sided.</param>
    /// <exception cref="ArgumentException">More successes than observations, a negative count, or another confidence.</exception>
    public static Interval Wilson(long successes, long observations, double confidence = 0.95)
    {
        if (successes < 0 || successes > observations)
        {
            throw new ArgumentException($"{successes} of {observations} cannot be.", nameof(successes));
        }

        if (!(confidence > 0 && confidence < 1))
        {
            throw new ArgumentException($"A confidence lies between 0 and 1, not at {confidence}.", nameof(confidence));
        }

        if (observations == 0)
        {
            return new(0, 1);
        }

        var z = NormalDistribution.Quantile((1 + confidence) / 2);
        var n = (double)observations;
        var share = successes / n;
        var centre = share + z * z / (2 * n);
        var reach = z * Math.Sqrt(share * (1 - share) / n + z * z / (4 * n * n));
        var scale = 1 + z * z / n;
        return new(
            successes == 0 ? 0 : Math.Clamp((centre - reach) / scale, 0, 1),
            successes == observations ? 1 : Math.Clamp((centre + reach) / scale, 0, 1)
        );
    }
}
