using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>What this server adds to calls of models, and what it decides about them. Safe for concurrent use.</summary>
/// <remarks>No label names an organisation, a person or a key; ids of models come from the registry.</remarks>
public sealed class InferenceMeter
{
    public const string MeterName = GenAI.Source + ".Gateway";

    // From 25 µs on: what is aimed at lies far below the conventions' first bound.
    private static readonly double[] OverheadBounds =
    [
        0.000025,
        0.00005,
        0.0001,
        0.00025,
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        1,
        5,
    ];

    private readonly Histogram<double> _overhead;
    private readonly Histogram<double> _queueWait;
    private readonly UpDownCounter<long> _inFlight;
    private readonly Counter<long> _fallbacks;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _rejections;
    private readonly Counter<long> _estimated;
    private readonly Counter<long> _truncated;
    private readonly Counter<long> _cacheRequests;
    private readonly Counter<long> _guardHits;
    private readonly Counter<long> _suspicions;

    public InferenceMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        var bounds = new InstrumentAdvice<double> { HistogramBucketBoundaries = OverheadBounds };
        _overhead = meter.CreateHistogram(
            "chancery_overhead_seconds",
            "s",
            "What this server adds to a call: its whole time without the waiting for the provider.",
            advice: bounds
        );
        _queueWait = meter.CreateHistogram(
            "chancery_queue_wait_seconds",
            "s",
            "How long calls waited before they were sent.",
            advice: bounds
        );
        _inFlight = meter.CreateUpDownCounter<long>(
            "chancery_in_flight_requests",
            description: "Calls for a model that are not answered yet."
        );
        _fallbacks = meter.CreateCounter<long>(
            "chancery_fallback_total",
            description: "Times that another model took over."
        );
        _hedges = meter.CreateCounter<long>(
            "chancery_hedges_total",
            description: "Times that a second model was asked beside one that showed nothing."
        );
        _rejections = meter.CreateCounter<long>(
            "chancery_budget_rejections_total",
            description: "Calls that were refused for want of budget."
        );
        _estimated = meter.CreateCounter<long>(
            "chancery_usage_estimated_total",
            description: "Calls whose tokens were counted here, because the provider did not report them."
        );
        _truncated = meter.CreateCounter<long>(
            "chancery_stream_truncated_total",
            description: "Streams that ended before the answer did."
        );
        _cacheRequests = meter.CreateCounter<long>(
            "chancery_cache_requests_total",
            description: "Answers that were looked for in the cache."
        );
        _guardHits = meter.CreateCounter<long>(
            "chancery_guard_hits_total",
            description: "Answers that a guard stopped, or took something out of, because of what they would have told."
        );
        _suspicions = meter.CreateCounter<long>(
            "chancery_injection_suspicions_total",
            description: "Questions that looked like an attempt to give a model other instructions, or whose documents did."
        );
    }

    internal bool CountsEstimates => _estimated.Enabled;

    /// <param name="overhead">The whole time of the call without the waiting for the provider.</param>
    public void Overhead(TimeSpan overhead, string operation) =>
        _overhead.Record(Math.Max(0, overhead.TotalSeconds), Tag(GenAI.OperationName, operation));

    /// <param name="wait">From the request's arrival to its first attempt.</param>
    public void QueueWait(TimeSpan wait) => _queueWait.Record(Math.Max(0, wait.TotalSeconds));

    /// <summary>A call has come in; it is in flight until what is returned is disposed.</summary>
    public InFlight Began()
    {
        _inFlight.Add(1);
        return new(_inFlight);
    }

    /// <param name="from">The model that was given up.</param>
    /// <param name="to">The model that is tried next.</param>
    /// <param name="reason">Of a short list, such as <c>rate</c>, <c>timeout</c>, <c>breaker_open</c>.</param>
    public void FellBack(string from, string to, string reason) =>
        _fallbacks.Add(1, Tag("from", from), Tag("to", to), Tag("reason", reason));

    /// <param name="from">The model that showed nothing.</param>
    /// <param name="to">The model that was asked beside it.</param>
    /// <param name="outcome"><c>won</c>, <c>lost</c>, <c>failed</c>, or <c>cancelled</c> where the caller left.</param>
    public void Hedged(string from, string to, string outcome) =>
        _hedges.Add(1, Tag("from", from), Tag("to", to), Tag("outcome", outcome));

    /// <param name="level"><c>installation</c>, <c>tenant</c>, <c>user</c> or <c>key</c>.</param>
    /// <param name="period"><c>month</c> or <c>day</c>.</param>
    public void BudgetRejected(string level, string period) =>
        _rejections.Add(1, Tag("level", level), Tag("period", period));

    public void UsageEstimated(string provider, string model) =>
        _estimated.Add(1, Tag(GenAI.ProviderName, GenAI.ProviderOf(provider)), Tag(GenAI.RequestModel, model));

    public void StreamTruncated(string provider, string model) =>
        _truncated.Add(1, Tag(GenAI.ProviderName, GenAI.ProviderOf(provider)), Tag(GenAI.RequestModel, model));

    /// <param name="level"><c>process</c> or <c>redis</c>.</param>
    /// <param name="outcome">Such as <c>hit</c>, <c>miss</c>, <c>unavailable</c>.</param>
    public void CacheAsked(string level, string outcome) =>
        _cacheRequests.Add(1, Tag("level", level), Tag("outcome", outcome));

    /// <summary>An answer was stopped; its trace is kept.</summary>
    /// <param name="kind"><c>secret</c>, <c>instructions</c> or <c>personal_data</c>.</param>
    public void GuardHit(string kind) => Guarded(kind, "stopped");

    /// <summary>Something was taken out of an answer, once or more; its trace is kept.</summary>
    /// <param name="kind"><c>link</c>, <c>id</c>, <c>invisible</c> or <c>personal_data</c>.</param>
    public void GuardRemoved(string kind) => Guarded(kind, "removed");

    /// <param name="source"><c>question</c>, <c>document</c> or <c>title</c>.</param>
    public void InjectionSuspected(string source) => _suspicions.Add(1, Tag("source", source));

    /// <summary>Something was found in an answer and left in it, because the organisation wants it counted only.</summary>
    public void GuardCounted(string kind, int found) =>
        _guardHits.Add(found, Tag("kind", kind), Tag("action", "counted"));

    /// <summary>Something in a question or in documents was kept from a model, once or more.</summary>
    /// <param name="source"><c>question</c> or <c>document</c>.</param>
    public void GuardWithheld(string kind, string source) =>
        _guardHits.Add(1, Tag("kind", kind), Tag("action", "withheld"), Tag("source", source));

    private void Guarded(string kind, string action)
    {
        _guardHits.Add(1, Tag("kind", kind), Tag("action", action));
        Activity.Current?.SetTag(SpanNames.Keep, "guard");
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    /// <summary>One call on its way; disposing it twice counts it once.</summary>
    public struct InFlight : IDisposable
    {
        private UpDownCounter<long>? _counter;

        internal InFlight(UpDownCounter<long> counter) => _counter = counter;

        public void Dispose()
        {
            _counter?.Add(-1);
            _counter = null;
        }
    }
}
