using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chancery.Server.Inference.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>Telemetry of calls to models with somebody who listens to all of it, and to nothing else.</summary>
internal sealed class HeardCalls : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ActivityListener? _spans;
    private readonly MeterListener? _figures;
    private readonly string _source = $"Test.{Guid.CreateVersion7():n}";

    public HeardCalls(bool heard = true, params (string Name, string Value)[] settings)
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        Meter = new InferenceMeter(meters);
        Calls = new(_source, Read(settings), Meter, meters, Clock);
        if (!heard)
        {
            return;
        }

        _spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == _source,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                AtStart = options.Tags?.ToDictionary(tag => tag.Key, tag => tag.Value) ?? [];
                return ActivitySamplingResult.AllDataAndRecorded;
            },
            ActivityStopped = Spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_spans);
        _figures = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    Instruments.Enqueue(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _figures.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _figures.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _figures.Start();
    }

    public MovableClock Clock { get; } = new();

    public InferenceMeter Meter { get; }

    public ModelCallTelemetry Calls { get; }

    public Dictionary<string, object?> AtStart { get; private set; } = [];

    public ConcurrentQueue<Activity> Spans { get; } = [];

    public ConcurrentQueue<Instrument> Instruments { get; } = [];

    public ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> Figures { get; } = [];

    public IEnumerable<(double Value, Dictionary<string, object?> Tags)> Of(string name) =>
        Figures.Where(figure => figure.Name == name).Select(figure => (figure.Value, figure.Tags));

    public static GenAISettings Read(params (string Name, string Value)[] settings) =>
        GenAISettings.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.ToDictionary(pair => pair.Name, pair => (string?)pair.Value))
                .Build()
        );

    public void Dispose()
    {
        _spans?.Dispose();
        _figures?.Dispose();
        Calls.Dispose();
        _services.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        Figures.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value)));

    internal sealed class MovableClock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromDays(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
