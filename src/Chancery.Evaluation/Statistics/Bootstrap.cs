namespace Chancery.Evaluation.Statistics;

/// <summary>
/// Intervals of a mean without a distribution: resampling with a fixed seed, so that the same scores have the same interval at any time.
/// </summary>
public static class Bootstrap
{
    /// <summary>How many resamples: the ends of an interval of 95 % then vary by some hundredth of its width.</summary>
    public const int Resamples = 2_000;

    private const int Seed = 20_250_101;

    /// <summary>
    /// The bias-corrected and accelerated interval of a mean (Efron 1987), which follows skewed scores where the percentile interval does not.
    /// A point of one value, or of equal ones; null of nothing.
    /// </summary>
    /// <param name="values">Finite numbers.</param>
    /// <exception cref="ArgumentException">A value is not finite, or the confidence does not lie between 0 and 1.</exception>
    public static Interval? OfMean(IReadOnlyList<double> values, double confidence = 0.95)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!values.All(double.IsFinite))
        {
            throw new ArgumentException("Every value must be finite; leave out what failed.", nameof(values));
        }

        if (!(confidence > 0 && confidence < 1))
        {
            throw new ArgumentException($"A confidence lies between 0 and 1, not at {confidence}.", nameof(confidence));
        }

        if (values.Count == 0)
        {
            return null;
        }

        var mean = values.Average();
        if (values.All(value => value.Equals(values[0])))
        {
            return new(values[0], values[0]);
        }

        var means = ResampledMeans(values);
        var correction = Correction(means, mean);
        var acceleration = Acceleration(values, mean);
        return new(At((1 - confidence) / 2), At((1 + confidence) / 2));

        double At(double chance)
        {
            var z = correction + NormalDistribution.Quantile(chance);
            var adjusted = NormalDistribution.Cdf(correction + z / (1 - acceleration * z));
            return means[(int)Math.Clamp(Math.Round(adjusted * (Resamples - 1)), 0, Resamples - 1)];
        }
    }

    /// <summary>
    /// The interval of the mean difference of pairs: of two runs over the same questions, each with itself, which takes the questions'
    /// own difficulty out. Null of no pair.
    /// </summary>
    /// <exception cref="ArgumentException">The lists differ in length, or as <see cref="OfMean"/>.</exception>
    public static Interval? OfMeanDifference(
        IReadOnlyList<double> before,
        IReadOnlyList<double> after,
        double confidence = 0.95
    )
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return before.Count == after.Count
            ? OfMean([.. before.Zip(after, (left, right) => right - left)], confidence)
            : throw new ArgumentException($"{before.Count} values have no pairs in {after.Count}.", nameof(after));
    }

    private static double[] ResampledMeans(IReadOnlyList<double> values)
    {
        // A seeded Random gives the same numbers in every version of .NET.
        var random = new Random(Seed);
        var means = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < values.Count; j++)
            {
                sum += values[random.Next(values.Count)];
            }

            means[i] = sum / values.Count;
        }

        Array.Sort(means);
        return means;
    }

    /// <summary>How far the mean lies from the middle of the resampled ones; ties count by half.</summary>
    private static double Correction(double[] means, double mean)
    {
        var tolerance = 1e-12 * Math.Max(1, Math.Abs(mean));
        var below = means.Count(value => value < mean - tolerance);
        var tied = means.Count(value => Math.Abs(value - mean) <= tolerance);
        var share = (below + tied / 2.0) / means.Length;
        return NormalDistribution.Quantile(Math.Clamp(share, 0.5 / means.Length, 1 - 0.5 / means.Length));
    }

    // Leaving one value out moves the mean by its distance over n − 1, so that the jackknife's sums are those of the distances.
    private static double Acceleration(IReadOnlyList<double> values, double mean)
    {
        var (squares, cubes) = (0.0, 0.0);
        var scale = values.Max(value => Math.Abs(value - mean));
        foreach (var value in values)
        {
            var distance = (value - mean) / scale;
            squares += distance * distance;
            cubes += distance * distance * distance;
        }

        return cubes / (6 * Math.Pow(squares, 1.5));
    }
}
