using Chancery.Server.Platform.Http;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>Figures are sent by OpenTelemetry's protocol, with the labels that <c>/metrics</c> has and no others.</summary>
internal sealed class OpenTelemetryBackend(
    OtlpSettings otlp,
    IConfiguration configuration,
    OperatorHttp http,
    DroppedTelemetry dropped
) : IMetricsBackend, IDisposable
{
    private const int StopMilliseconds = 3000;

    private readonly int _interval = Numbers.Read(configuration, "OTEL_METRIC_EXPORT_INTERVAL", 60_000, 1, 3_600_000);
    private MeterProvider? _provider;

    public string Name => "opentelemetry";

    public bool IsConfigured => otlp.Metrics is not null;

    public void Start()
    {
        // Asked for by name, and without an address of ours: where OpenTelemetry's own collector listens.
        var address = otlp.Metrics ?? new Uri("http://localhost:4318/v1/metrics");
        var exporter = new CountedExporter(otlp.Options(address, http), dropped);
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(otlp.Describe)
            .AddMeter([.. MetricNames.Meters, MetricNames.OwnMeters + "*"])
            .AddView(static _ => new MetricStreamConfiguration { TagKeys = [.. MetricNames.Labels] })
            .AddReader(new PeriodicExportingMetricReader(exporter, _interval))
            .Build();
    }

    public Task StopAsync() => Task.Run(() => _provider?.Shutdown(StopMilliseconds));

    public void Dispose() => _provider?.Dispose();

    private sealed class CountedExporter(OtlpExporterOptions options, DroppedTelemetry dropped)
        : OtlpMetricExporter(options)
    {
        public override ExportResult Export(in Batch<Metric> metrics)
        {
            var result = base.Export(metrics);
            if (result is ExportResult.Failure)
            {
                // Sums go on: the next time that somebody takes them nothing is missing.
                dropped.Count("otlp_metrics", "export_failed");
            }

            return result;
        }
    }
}
