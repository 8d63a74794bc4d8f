using System.Collections.Immutable;
using Chancery.Evaluation.Rollouts;
using Chancery.Evaluation.Statistics;

namespace Chancery.Bench.Rollouts;

/// <summary>Uses of both arms, an hour at a time, with every metric of the default plan. Times of answers are log-normal.</summary>
internal sealed class SimulatedTraffic
{
    /// <summary>Standard deviation of the logarithm of a time.</summary>
    private const double LatencySpread = 0.5;

    /// <summary>Earlier uses of the control from which its 95th percentile was taken.</summary>
    private const int LatencySample = 1_000;

    private const double OutageErrors = 0.6;
    private const int OutageHours = 4;

    private readonly Random _random;
    private readonly RolloutScenario _scenario;
    private readonly double _slowControl;
    private readonly double _slowTreatment;
    private readonly int _outageFrom;
    private double _carry;

    public SimulatedTraffic(RolloutScenario scenario, int seed)
    {
        _scenario = scenario;
        _random = new Random(seed);
        // The limit is an estimate: what share of the control is really above it varies from rollout to rollout.
        var above =
            0.05 + NormalDistribution.Quantile(1 - _random.NextDouble()) * Math.Sqrt(0.05 * 0.95 / LatencySample);
        _slowControl = Math.Clamp(above, 0.005, 0.2);
        _slowTreatment = Slow(_slowControl, scenario.Effect.LatencyFactor);
        _outageFrom = _random.Next(0, 4 * 24);
    }

    /// <summary>The share of the new version's times over the limit that this share of the control's is over.</summary>
    public static double Slow(double control, double factor) =>
        1 - NormalDistribution.Cdf(NormalDistribution.Quantile(1 - control) - Math.Log(factor) / LatencySpread);

    /// <param name="exposure">Of the new version, in hundredths of a percent.</param>
    public (ArmCounts Control, ArmCounts Treatment) Hour(int hour, int exposure)
    {
        _carry += _scenario.UsesPerDay / 24.0;
        var uses = (int)_carry;
        _carry -= uses;
        var treated = Binomial(uses, exposure / (double)RolloutAssignment.Buckets);
        var isOut = _scenario.Effect.HasOutage && hour >= _outageFrom && hour < _outageFrom + OutageHours;
        return (Arm(uses - treated, isTreatment: false, isOut), Arm(treated, isTreatment: true, isOut));
    }

    private ArmCounts Arm(int uses, bool isTreatment, bool isOut)
    {
        var errors = isOut ? OutageErrors : _scenario.Baseline + (isTreatment ? _scenario.Effect.ErrorPoints : 0);
        var slow =
            isOut ? OutageErrors
            : isTreatment ? _slowTreatment
            : _slowControl;
        var counts = ImmutableSortedDictionary.CreateBuilder<RolloutMetric, MetricCounts>();
        counts[RolloutMetric.Error] = Of(uses, errors);
        counts[RolloutMetric.PromptFault] = Of(uses, 0.005);
        counts[RolloutMetric.GuardHit] = Of(uses, 0.01);
        counts[RolloutMetric.Latency] = Of(uses, slow);
        counts[RolloutMetric.Cost] = Of(uses, 0.1);
        counts[RolloutMetric.ThumbsDown] = Of(Binomial(uses, 0.05), 0.2);
        counts[RolloutMetric.LowJudgement] = Of(Binomial(uses, 0.05), 0.25);
        return new(uses, counts.ToImmutable());
    }

    private MetricCounts Of(int observed, double rate) => new(observed, Binomial(observed, rate));

    /// <summary>By inversion, a hundred at a time, so that no chance underflows.</summary>
    private int Binomial(int trials, double chance)
    {
        var successes = 0;
        for (; trials > 0; trials -= 100)
        {
            var block = Math.Min(trials, 100);
            var odds = chance / (1 - chance);
            var term = Math.Pow(1 - chance, block);
            var left = _random.NextDouble();
            var x = 0;
            while (left > term && x < block)
            {
                left -= term;
                term *= odds * (block - x) / (x + 1);
                x++;
            }

            successes += x;
        }

        return successes;
    }
}
