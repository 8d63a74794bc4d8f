namespace Chancery.Evaluation.Statistics;

/// <summary>Logarithms of factorials and binomial coefficients, to some 14 digits.</summary>
internal static class LogFactorial
{
    private static readonly double[] _small = Small(4096);

    /// <summary>ln n!; n is not negative.</summary>
    public static double Of(long n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        return n < _small.Length ? _small[n] : Stirling(n + 1.0);
    }

    /// <summary>ln of the number of ways to choose k of n; 0 ≤ k ≤ n.</summary>
    public static double Choose(long n, long k) => Of(n) - Of(k) - Of(n - k);

    // ln Γ(x) by Stirling's series, whose first left-out term is under 1e-20 from the size of the table on.
    private static double Stirling(double x)
    {
        var square = 1 / (x * x);
        var series = (1.0 / 12 - square * (1.0 / 360 - square / 1260)) / x;
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + series;
    }

    private static double[] Small(int count)
    {
        var logarithms = new double[count];
        for (var n = 2; n < count; n++)
        {
            logarithms[n] = logarithms[n - 1] + Math.Log(n);
        }

        return logarithms;
    }
}
