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

    /// <summary>
    /// How much larger one share is than another: Newcombe's hybrid score interval (1998, method 10), made of Wilson's of either. [-1, 1] where
    /// nothing was observed.
    /// </summary>
    /// <param name="confidence">Between 0 and 1, both excluded; two-sided.</param>
    /// <exception cref="ArgumentException">As of <see cref="Wilson"/>.</exception>
    public static Interval Difference(
        long successes,
        long observations,
        long otherSuccesses,
        long otherObservations,
        double confidence = 0.95
    )
    {
        var one = Wilson(successes, observations, confidence);
        var other = Wilson(otherSuccesses, otherObservations, confidence);
        if (observations == 0 || otherObservations == 0)
        {
            return new(-1, 1);
        }

        var (share, otherShare) = ((double)successes / observations, (double)otherSuccesses / otherObservations);
        return new(
            share - otherShare - Reach(share - one.Low, other.High - otherShare),
            share - otherShare + Reach(one.High - share, otherShare - other.Low)
        );

        static double Reach(double one, double other) => Math.Sqrt(one * one + other * other);
    }
}
