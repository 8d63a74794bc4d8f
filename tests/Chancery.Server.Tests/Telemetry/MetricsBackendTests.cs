using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

public sealed class MetricsBackendTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "prometheus")]
    [InlineData("METRICS_BACKEND=auto", "prometheus")]
    [InlineData("METRICS_BACKEND=auto PROMETHEUS_ENABLED=false", "")]
    [InlineData("METRICS_BACKEND=noop DD_AGENT_HOST=agent", "")]
    [InlineData("METRICS_BACKEND=Prometheus DD_AGENT_HOST=agent", "prometheus")]
    [InlineData("METRICS_BACKEND=datadog", "datadog")]
    [InlineData("METRICS_BACKEND=opentelemetry", "opentelemetry")]
    [InlineData("METRICS_BACKEND=datadog,prometheus", "datadog,prometheus")]
    [InlineData("DATADOG_API_KEY=secret", "prometheus,datadog")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "prometheus,opentelemetry")]
    [InlineData("METRICS_BACKEND=carrier-pigeon", "carrier-pigeon")]
    public void The_setting_chooses_and_auto_takes_what_is_configured(string settings, string chosen)
    {
        using var house = new House(settings);

        Assert.Equal(chosen, string.Join(',', house.Backends.Names));
    }

    [Theory]
    [InlineData("METRICS_BACKEND=newrelic", "METRICS_BACKEND")]
    [InlineData("METRICS_BACKEND=prometheus,auto", "METRICS_BACKEND")]
    [InlineData("METRICS_BACKEND=prometheus PROMETHEUS_ENABLED=false", "PROMETHEUS_ENABLED")]
    [InlineData("PROMETHEUS_ENABLED=maybe", "PROMETHEUS_ENABLED")]
    [InlineData("DD_DOGSTATSD_PORT=70000", "DD_DOGSTATSD_PORT")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL=never", "OTEL_METRIC_EXPORT_INTERVAL")]
    public void A_setting_that_cannot_be_used_is_named(string settings, string name)
    {
        using var house = new House(settings);

        Assert.Equal(name, Assert.Throws<SettingException>(() => house.Backends).Name);
    }

    [Fact]
    public async Task Datadogs_agent_is_told_what_was_added_since_the_last_time()
    {
        using var agent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)agent.Client.LocalEndPoint!).Port;
        using var house = new House(
            $"METRICS_BACKEND=datadog DD_AGENT_HOST=127.0.0.1 DD_DOGSTATSD_PORT={port} OTEL_METRIC_EXPORT_INTERVAL=3600000"
        );
        await house.Backends.StartAsync(Cancel);
        house.Counter.Add(3, new("status", "a:b|c,d"), new("tenant", "never"));
        house.Times.Record(0.2, new KeyValuePair<string, object?>("status", "ok"));
        house.Level.Record(7);
        house.Level.Record(5);

        await house.Backends.StopAsync(Cancel);

        var lines = await ReceiveAsync(agent, "test_total:");
        Assert.Contains("test_total:3|c|#status:a_b_c_d", lines);
        Assert.Contains("test_seconds.count:1|c|#status:ok", lines);
        Assert.Contains("test_seconds.sum:0.2|c|#status:ok", lines);
        Assert.Contains("test_seconds.bucket:1|c|#status:ok,upper_bound:0.25", lines);
        Assert.Contains("test_level:5|g", lines);
        Assert.DoesNotContain(lines, line => line.Contains("never", StringComparison.Ordinal));
        // Other servers of this process are heard, too.
        Assert.DoesNotContain(
            lines,
            line =>
                line.StartsWith("test_", StringComparison.Ordinal)
                && line.Contains("upper_bound:0.1", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void What_did_not_rise_is_not_told_again_and_packets_stay_small()
    {
        using var house = new House("METRICS_BACKEND=datadog");
        var backend = house.Services.GetServices<IMetricsBackend>().OfType<DogStatsDBackend>().Single();
        house.Collector.Start();
        for (var i = 0; i < 300; i++)
        {
            house.Counter.Add(1, new KeyValuePair<string, object?>("status", $"a-rather-long-value-{i}"));
        }

        var first = backend.Packets(house.Own);
        house.Counter.Add(4, new KeyValuePair<string, object?>("status", "a-rather-long-value-7"));
        var second = backend.Packets(house.Own);

        Assert.True(first.Count > 3);
        Assert.All(first, packet => Assert.InRange(packet.Length, 1, 1432));
        Assert.Equal(300, first.Sum(packet => packet.Count(letter => letter == '\n')));
        Assert.Equal("test_total:4|c|#status:a-rather-long-value-7\n", Encoding.UTF8.GetString(Assert.Single(second)));
    }

    [Fact]
    public async Task An_agent_that_is_not_there_hurts_nobody()
    {
        using var house = new House("METRICS_BACKEND=datadog DD_AGENT_HOST=no-such-host.invalid");
        await house.Backends.StartAsync(Cancel);

        await house.Backends.StopAsync(Cancel);
    }

    [Fact]
    public async Task OpenTelemetry_gets_the_figures_with_the_labels_of_the_list_only()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        using var house = new House(
            $"METRICS_BACKEND=opentelemetry OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address} OTEL_METRIC_EXPORT_INTERVAL=3600000"
        );
        await house.Backends.StartAsync(Cancel);
        house.Counter.Add(3, new("status", "a-status"), new("tenant", "never-told"));

        await house.Backends.StopAsync(Cancel);

        var received = Assert.Single(collector.All);
        Assert.Equal("/v1/metrics", received.Path);
        Assert.Contains("test_total", collector.Text, StringComparison.Ordinal);
        Assert.Contains("a-status", collector.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("never-told", collector.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_are_the_same_in_any_order_and_a_measurement_of_known_ones_allocates_nothing()
    {
        using var house = new House("");
        house.Collector.Start();
        house.Counter.Add(1, new("status", "s"), new("model", "m"));
        house.Counter.Add(1, new("model", "m"), new("status", "s"));
        // Said twice, the first counts.
        house.Counter.Add(1, new("model", "m"), new("status", "s"), new("status", "other"));

        Assert.Equal(3, Assert.Single(house.Own).Value);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            house.Counter.Add(1, new("status", "s"), new("model", "m"));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Values_that_look_alike_are_one_series_and_what_is_not_finite_is_left_out()
    {
        using var house = new House("");
        house.Collector.Start();
        house.Counter.Add(1, new KeyValuePair<string, object?>("status", 200));
        house.Counter.Add(1, new KeyValuePair<string, object?>("status", "200"));
        house.Times.Record(double.PositiveInfinity);
        house.Times.Record(double.NaN);
        house.Times.Record(1);

        Assert.Equal(2, house.Own.Single(series => series.Instrument.Name == "test_total").Value);
        Assert.Equal(1, house.Own.Single(series => series.Instrument.Name == "test_seconds").Value);
    }

    private static async Task<List<string>> ReceiveAsync(UdpClient agent, string last)
    {
        var lines = new List<string>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!lines.Exists(line => line.StartsWith(last, StringComparison.Ordinal)))
        {
            var packet = await agent.ReceiveAsync(limit.Token);
            lines.AddRange(Encoding.UTF8.GetString(packet.Buffer).Split('\n'));
        }

        return lines;
    }

    private sealed class House : IDisposable
    {
        public House(string settings)
        {
            var services = new ServiceCollection().AddMetrics();
            var configuration = Tracer.Configuration([
                .. settings
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(pair => pair.Split('=', 2))
                    .Select(pair => (pair[0], pair[1])),
            ]);
            services.AddSingleton(configuration);
            services.AddSingleton(TimeProvider.System);
            services.AddSingleton<OperatorHttp>();
            services.AddSingleton<DroppedTelemetry>();
            services.AddSingleton(_ => OtlpSettings.Read(configuration));
            services.AddSingleton<MetricsCollector>();
            services.AddSingleton<IMetricsBackend, PrometheusBackend>();
            services.AddSingleton<IMetricsBackend, OpenTelemetryBackend>();
            services.AddSingleton<IMetricsBackend, DogStatsDBackend>();
            services.AddSingleton<IMetricsBackend, CarrierPigeon>();
            services.AddSingleton<MetricsBackends>();
            Services = services.BuildServiceProvider();
            var meter = Services.GetRequiredService<IMeterFactory>().Create("Chancery.Test");
            Counter = meter.CreateCounter<long>("test_total");
            Times = meter.CreateHistogram<double>("test_seconds", "s");
            Level = meter.CreateGauge<long>("test_level");
        }

        public ServiceProvider Services { get; }

        public Counter<long> Counter { get; }

        public Histogram<double> Times { get; }

        public Gauge<long> Level { get; }

        public MetricsBackends Backends => Services.GetRequiredService<MetricsBackends>();

        public MetricsCollector Collector => Services.GetRequiredService<MetricsCollector>();

        public List<Series> Own =>
            [.. Collector.Read().Where(series => series.Instrument.Meter.Name == "Chancery.Test")];

        public void Dispose() => Services.Dispose();
    }

    private sealed class CarrierPigeon : IMetricsBackend
    {
        public string Name => "carrier-pigeon";

        public bool IsConfigured => false;

        public void Start() { }

        public Task StopAsync() => Task.CompletedTask;
    }
}
