using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>
/// Tells of calls to models as OpenTelemetry's conventions want it: a span for each target that is tried, and the figures.
/// Safe for concurrent use.
/// </summary>
/// <remarks>
/// An answer from our own cache is no call: it gets no scope, so that nobody adds up tokens that were not spent. A retry at
/// the same target may stay in its scope (<see cref="ModelCallScope.Resent"/>); another target is another scope beside it.
/// </remarks>
public sealed class ModelCallTelemetry : IDisposable
{
    private readonly ActivitySource _source;

    public ModelCallTelemetry(GenAISettings settings, InferenceMeter meter, IMeterFactory meters, TimeProvider time)
        : this(GenAI.Source, settings, meter, meters, time) { }

    /// <param name="source">Another name than the product's, for who wants to listen to this one alone.</param>
    internal ModelCallTelemetry(
        string source,
        GenAISettings settings,
        InferenceMeter meter,
        IMeterFactory meters,
        TimeProvider time
    )
    {
        (Settings, Meter, Time) = (settings, meter, time);
        _source = new(new ActivitySourceOptions(source) { TelemetrySchemaUrl = GenAI.SchemaUrl });
        Instruments = new(meters.Create(GenAI.Source), settings);
    }

    internal GenAISettings Settings { get; }

    internal InferenceMeter Meter { get; }

    internal TimeProvider Time { get; }

    internal ModelCallInstruments Instruments { get; }

    /// <summary>Just before the request is sent. The scope is to be disposed, whatever becomes of the call.</summary>
    public ModelCallScope Start(in ModelCallStart start) =>
        _source.HasListeners() || Instruments.Enabled || Meter.CountsEstimates
            ? new ModelCallScope(this, _source, start)
            : ModelCallScope.Unheard;

    public void Dispose() => _source.Dispose();
}
