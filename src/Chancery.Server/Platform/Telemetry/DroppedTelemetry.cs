using System.Diagnostics.Metrics;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>Counts what was to be told and was not, because somebody did not listen fast enough, or at all.</summary>
public sealed class DroppedTelemetry
{
    private readonly Counter<long> _dropped;

    public DroppedTelemetry(IMeterFactory meters) =>
        _dropped = meters
            .Create("Chancery.Telemetry")
            .CreateCounter<long>(
                "chancery_telemetry_dropped_total",
                description: "Spans, figures and reports of errors that were given up."
            );

    /// <param name="sink">Where it should have gone: <c>otlp</c>, <c>langfuse</c>, <c>sentry</c>, <c>dogstatsd</c>, <c>tail</c>.</param>
    /// <param name="reason">Such as <c>queue_full</c>, <c>export_failed</c>, <c>rate_limited</c>.</param>
    public void Count(string sink, string reason, int many = 1) =>
        _dropped.Add(many, new KeyValuePair<string, object?>("sink", sink), new("reason", reason));
}
