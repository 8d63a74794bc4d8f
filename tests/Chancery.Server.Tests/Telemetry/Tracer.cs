using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Tracing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>The sending of spans alone, without a server around it, and a source of spans.</summary>
internal sealed class Tracer : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly OperatorHttp _http = new();
    private readonly TraceExport _export;
    private readonly MeterListener _listener = new();
    private long _dropped;

    public Tracer(params (string Name, string Value)[] settings)
    {
        var configuration = Configuration([("OTEL_BSP_SCHEDULE_DELAY", "20"), .. settings]);
        var meters = _services.GetRequiredService<IMeterFactory>();
        var dropped = new DroppedTelemetry(meters);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _dropped, value));
        _listener.Start();
        _export = new(
            OtlpSettings.Read(configuration),
            TracingSettings.Read(configuration),
            _http,
            dropped,
            TimeProvider.System
        )
        {
            // Servers of other tests have spans, too.
            Sources = [Source.Name],
        };
        _export.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public ActivitySource Source { get; } = new($"Chancery.Test.{Guid.CreateVersion7():n}");

    public long Dropped => Interlocked.Read(ref _dropped);

    public static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(pair => pair.Name, pair => (string?)pair.Value))
            .Build();

    /// <summary>Sends what waits; nothing comes after it.</summary>
    public Task StopAsync() => _export.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _export.Dispose();
        _listener.Dispose();
        Source.Dispose();
        _http.Dispose();
        await _services.DisposeAsync();
    }
}
