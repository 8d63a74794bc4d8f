using Chancery.Evaluation.Statistics;

namespace Chancery.Bench.Rollouts;

/// <summary>
/// The exact one-sided binomial test that looks once, with the control's rate known exactly, which flatters it: a real one estimates that
/// rate too.
/// </summary>
internal static class FixedSampleTest
{
    /// <summary>Fewest treated uses with which a rise from one rate to the other is seen with this power.</summary>
    public static int SampleSize(double control, double treatment, double alpha, double power)
    {
        for (var n = 1; ; n++)
        {
            var critical = Critical(n, control, alpha);
            if (critical <= n && Tail(n, critical, treatment) >= power)
            {
                return n;
            }
        }
    }

    private static int Critical(int n, double rate, double alpha)
    {
        var tail = 0.0;
        var reach = 12 * Math.Sqrt(n * rate * (1 - rate)) + 12;
        for (var x = (int)Math.Min(n, n * rate + reach); x >= 0; x--)
        {
            var term = Math.Exp(LogFactorial.Choose(n, x) + x * Math.Log(rate) + (n - x) * Math.Log(1 - rate));
            if (tail + term > alpha)
            {
                return x + 1;
            }

            tail += term;
        }

        return 0;
    }

    private static double Tail(int n, int from, double rate)
    {
        var below = 0.0;
        var reach = 12 * Math.Sqrt(n * rate * (1 - rate)) + 12;
        for (var x = Math.Max(0, (int)(n * rate - reach)); x < from; x++)
        {
            below += Math.Exp(LogFactorial.Choose(n, x) + x * Math.Log(rate) + (n - x) * Math.Log(1 - rate));
        }

        return 1 - below;
    }
}
