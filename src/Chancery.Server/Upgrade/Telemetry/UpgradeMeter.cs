using System.Diagnostics.Metrics;

namespace Chancery.Server.Upgrade.Telemetry;

/// <summary>How long upgrades of prompts take, and what goes wrong with them. Safe for concurrent use.</summary>
internal sealed class UpgradeMeter
{
    public const string MeterName = "Chancery.Upgrade";

    private readonly Histogram<double> _latency;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _ratings;

    public UpgradeMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _latency = meter.CreateHistogram(
            "orchestrator_upgrade_latency_seconds",
            "s",
            "How long upgrades of prompts took, from the request to the result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2, 5, 10] }
        );
        _errors = meter.CreateCounter<long>(
            "orchestrator_upgrade_errors_total",
            description: "Parts of upgrades that failed, by what went wrong; something simpler took their place where it could."
        );
        _ratings = meter.CreateCounter<long>(
            "chancery_upgrade_ratings_total",
            description: "Upgrades that somebody gave thumbs up or down."
        );
    }

    public void Took(TimeSpan time) => _latency.Record(time.TotalSeconds);

    /// <param name="type">The code of a problem.</param>
    public void Failed(string type) => _errors.Add(1, new KeyValuePair<string, object?>("error_type", type));

    public void Rated(bool isGood) =>
        _ratings.Add(1, new KeyValuePair<string, object?>("rating", isGood ? "up" : "down"));
}
