namespace Chancery.Evaluation.Statistics;

/// <summary>The standard normal distribution.</summary>
public static class NormalDistribution
{
    // Abramowitz and Stegun's series 26.2.10 near zero and the continued fraction 26.2.14 in the tails: both to machine precision
    // where they are used.
    private const double SeriesUntil = 3;

    /// <summary>The chance of a value of at most <paramref name="z"/>.</summary>
    public static double Cdf(double z)
    {
        var distance = Math.Abs(z);
        var tail = distance < SeriesUntil ? 0.5 - FromMiddle(distance) : Tail(distance);
        return z < 0 ? tail : 1 - tail;
    }

    /// <summary>The value that is not exceeded with this chance, to about 1e-9.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The chance is not between 0 and 1, both excluded.</exception>
    public static double Quantile(double chance)
    {
        if (!(chance > 0 && chance < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(chance), chance, "A quantile needs a chance between 0 and 1.");
        }

        var (low, high) = (-40.0, 40.0);
        for (var halving = 0; halving < 64; halving++)
        {
            var middle = (low + high) / 2;
            if (Cdf(middle) < chance)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }

    private static double Density(double z) => Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);

    private static double FromMiddle(double z)
    {
        var (sum, term) = (z, z);
        for (var n = 1; Math.Abs(term) > 1e-17; n++)
        {
            term *= z * z / (2 * n + 1);
            sum += term;
        }

        return sum * Density(z);
    }

    private static double Tail(double z)
    {
        var fraction = 0.0;
        for (var n = 60; n > 0; n--)
        {
            fraction = n / (z + fraction);
        }

        return Density(z) / (z + fraction);
    }
}
