using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Chancery.Evaluation.Rollouts;

/// <summary>
/// A one-sided test whether the treatment goes wrong more often than its concurrent control, which may be looked at after every stratum and
/// stopped at any of them: under "not more often", the chance that the evidence ever reaches 1/α is at most α.
/// <para>
/// Within a stratum (a short time in which the share of traffic is constant) only the margins are taken as given. Then the number of bad
/// ones that fall on the treatment has a distribution that knows no rate: a provider's outage or a change over the day, which raises the
/// rate of both arms, cannot count as evidence. The likelihood ratio of an odds ratio against 1 is an e-value for each stratum (Wald,
/// Sequential Analysis, 1947, chapter 6, double dichotomies; with sizes other than pairs: Fisher's noncentral hypergeometric
/// distribution), the product over strata is a nonnegative supermartingale, and so is its mixture over odds ratios (Robbins 1970; Johari,
/// Koomen, Pekelis and Walsh, "Always valid inference", Operations Research 2022). The bound is Ville's inequality (Ramdas, Grünwald,
/// Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 2023). Lindon and Malek,
/// "Anytime-valid inference for multinomial count data" (NeurIPS 2022), is the same conditioning for counts of errors in canaries.
/// </para>
/// <para>
/// It takes uses to be exchangeable between the arms. Where units repeat and their errors cluster, count one use of each unit in a
/// stratum.
/// </para>
/// </summary>
public sealed record SequentialComparison
{
    /// <summary>
    /// A stratum is closed when both arms are in it and it has this many observations. Knowing the margins costs one observation's worth
    /// of evidence in each stratum, which this makes at most two percent.
    /// </summary>
    private const long FewestInStratum = 50;

    /// <summary>
    /// ln of the odds ratios that share the mixture equally: from what takes thousands of observations to see, to what a handful shows.
    /// </summary>
    private static readonly ImmutableArray<double> _logOdds = [0.1, 0.2, 0.35, 0.55, 0.8, 1.1, 1.5, 2.0, 2.6, 3.4];

    [JsonConstructor]
    internal SequentialComparison(
        ImmutableArray<double> logRatios,
        double peakLogEvidence,
        MetricCounts control,
        MetricCounts treatment,
        MetricCounts openControl,
        MetricCounts openTreatment
    )
    {
        if (logRatios.IsDefault || logRatios.Length != _logOdds.Length)
        {
            throw new ArgumentException($"A comparison keeps {_logOdds.Length} ratios.", nameof(logRatios));
        }

        LogRatios = logRatios;
        PeakLogEvidence = peakLogEvidence;
        Control = control;
        Treatment = treatment;
        OpenControl = openControl;
        OpenTreatment = openTreatment;
    }

    public static SequentialComparison Empty { get; } =
        new([.. _logOdds.Select(_ => 0.0)], 0, default, default, default, default);

    /// <summary>ln of the likelihood ratio of each odds ratio of the mixture, over all closed strata.</summary>
    [JsonInclude]
    internal ImmutableArray<double> LogRatios { get; private init; }

    /// <summary>The largest that <see cref="LogEvidence"/> ever was.</summary>
    [JsonInclude]
    public double PeakLogEvidence { get; private init; }

    /// <summary>All that was seen of the control, the open stratum included.</summary>
    [JsonInclude]
    public MetricCounts Control { get; private init; }

    [JsonInclude]
    public MetricCounts Treatment { get; private init; }

    [JsonInclude]
    internal MetricCounts OpenControl { get; private init; }

    [JsonInclude]
    internal MetricCounts OpenTreatment { get; private init; }

    /// <summary>ln of the evidence for harm: 0 at the start, ln 20 ≈ 3 where a test at 5 % would reject.</summary>
    [JsonIgnore]
    public double LogEvidence
    {
        get
        {
            var largest = LogRatios.Max();
            return largest + Math.Log(LogRatios.Sum(ratio => Math.Exp(ratio - largest)) / LogRatios.Length);
        }
    }

    /// <summary>Valid whenever it is looked at, however often: its chance of ever being under α is at most α.</summary>
    [JsonIgnore]
    public double PValue => Math.Min(1, Math.Exp(-PeakLogEvidence));

    /// <summary>Whether "not more often" is rejected at this error rate.</summary>
    public bool Rejects(double alpha) => PeakLogEvidence >= -Math.Log(alpha);

    /// <summary>With what was seen since the last look, while the share of traffic was constant.</summary>
    /// <exception cref="ArgumentException">More are bad than were observed, or a count is negative.</exception>
    public SequentialComparison Add(MetricCounts control, MetricCounts treatment)
    {
        control.Check(nameof(control));
        treatment.Check(nameof(treatment));
        var added = this with
        {
            Control = Control + control,
            Treatment = Treatment + treatment,
            OpenControl = OpenControl + control,
            OpenTreatment = OpenTreatment + treatment,
        };
        var isLarge = added.OpenControl.Observed + added.OpenTreatment.Observed >= FewestInStratum;
        return isLarge && added.OpenControl.Observed > 0 && added.OpenTreatment.Observed > 0 ? added.Close() : added;
    }

    /// <summary>
    /// Ends the open stratum, whatever its size: whenever the share of traffic changes, or else a rate that changes at the same time
    /// would look like a difference.
    /// </summary>
    public SequentialComparison Close()
    {
        var closed = this with
        {
            LogRatios =
            [
                .. LogRatios.Select(
                    (ratio, i) => ratio + ConditionalOdds.LogLikelihoodRatio(OpenControl, OpenTreatment, _logOdds[i])
                ),
            ],
            OpenControl = default,
            OpenTreatment = default,
        };
        return closed with { PeakLogEvidence = Math.Max(PeakLogEvidence, closed.LogEvidence) };
    }

    public bool Equals(SequentialComparison? other) =>
        other is not null
        && LogRatios.SequenceEqual(other.LogRatios)
        && PeakLogEvidence.Equals(other.PeakLogEvidence)
        && Control == other.Control
        && Treatment == other.Treatment
        && OpenControl == other.OpenControl
        && OpenTreatment == other.OpenTreatment;

    public override int GetHashCode() =>
        HashCode.Combine(PeakLogEvidence, Control, Treatment, OpenControl, OpenTreatment);
}
