using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Rollouts;

/// <summary>
/// How likely a table of two arms is at given odds, when only its margins are known: Fisher's noncentral hypergeometric distribution.
/// </summary>
internal static class ConditionalOdds
{
    /// <summary>Terms under this share of the largest are left out.</summary>
    private const double Negligible = 1e-18;

    /// <summary>
    /// ln of the likelihood ratio of these odds against even odds, given how many observations each arm has and how many of all are bad.
    /// 0 where the margins leave only one table.
    /// </summary>
    /// <param name="logOdds">ln of the odds ratio, treatment to control.</param>
    public static double LogLikelihoodRatio(MetricCounts control, MetricCounts treatment, double logOdds)
    {
        var bad = control.Bad + treatment.Bad;
        var fewest = Math.Max(0, bad - control.Observed);
        var most = Math.Min(bad, treatment.Observed);
        return fewest >= most
            ? 0
            : treatment.Bad * logOdds - LogMean(control.Observed, treatment.Observed, bad, fewest, most, logOdds);
    }

    /// <summary>ln of the mean of odds^x, where x of the bad ones fall on the treatment by chance alone.</summary>
    private static double LogMean(long control, long treatment, long bad, long fewest, long most, double logOdds)
    {
        var odds = Math.Exp(logOdds);
        var mode = Mode(control, treatment, bad, fewest, most, odds);

        var sum = 1.0;
        var term = 1.0;
        for (var x = mode; x < most && term > Negligible; x++)
        {
            term *= Step(control, treatment, bad, x, odds);
            sum += term;
        }

        term = 1.0;
        for (var x = mode; x > fewest && term > Negligible; x--)
        {
            term /= Step(control, treatment, bad, x - 1, odds);
            sum += term;
        }

        var logMode =
            LogFactorial.Choose(treatment, mode)
            + LogFactorial.Choose(control, bad - mode)
            - LogFactorial.Choose(control + treatment, bad);
        return logMode + mode * logOdds + Math.Log(sum);
    }

    // The steps fall, so that the largest term is where they pass 1.
    private static long Mode(long control, long treatment, long bad, long fewest, long most, double odds)
    {
        var (low, high) = (fewest, most);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (Step(control, treatment, bad, middle, odds) < 1)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>The term of x + 1 as a multiple of that of x.</summary>
    private static double Step(long control, long treatment, long bad, long x, double odds) =>
        odds * ((double)(bad - x) / (x + 1)) * ((double)(treatment - x) / (control - bad + x + 1));
}
