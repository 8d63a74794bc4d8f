using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Sentry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Serilog;
using Serilog.Core;

namespace Chancery.Server.Tests.Telemetry;

public sealed class SentReportsTests
{
    [Fact]
    public async Task An_error_is_reported_with_its_component_its_cause_and_the_ids_to_find_it_by()
    {
        await using var sentry = await ScriptedCollector.StartAsync();
        await using var reports = new Reports(sentry);

        reports
            .Log.ForContext(Constants.SourceContextPropertyName, "Chancery.Server.Knowledge.Ingestion.Worker")
            .ForContext("request_id", "request-9")
            .ForContext("principal_id", "user-4")
            .Error(
                Thrown("outer for ann@example.com", Thrown("password=hunter2hunter2")),
                "It broke for {Key}",
                "sk-live12345678"
            );

        var received = await ScriptedCollector.EventuallyAsync(() => sentry.All.FirstOrDefault());
        Assert.Equal("/api/42/envelope/", received.Path);
        Assert.Contains("sentry_key=public-key", received.Headers["X-Sentry-Auth"], StringComparison.Ordinal);
        var lines = Encoding.UTF8.GetString(received.Body).Split('\n');
        var item = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal("event", item.GetProperty("type").GetString());
        Assert.Equal(Encoding.UTF8.GetByteCount(lines[2]), item.GetProperty("length").GetInt32());
        var report = JsonDocument.Parse(lines[2]).RootElement;
        Assert.Equal(
            JsonDocument.Parse(lines[0]).RootElement.GetProperty("event_id").GetString(),
            report.GetProperty("event_id").GetString()
        );
        var tags = report.GetProperty("tags");
        Assert.Equal("knowledge", tags.GetProperty("component").GetString());
        Assert.Equal("request-9", tags.GetProperty("request_id").GetString());
        Assert.Equal("user-4", tags.GetProperty("userId").GetString());
        var causes = report.GetProperty("exception").GetProperty("values");
        Assert.Equal(2, causes.GetArrayLength());
        Assert.Equal("password=***", causes[0].GetProperty("value").GetString());
        Assert.Contains(
            causes[1].GetProperty("stacktrace").GetProperty("frames").EnumerateArray(),
            frame => frame.GetProperty("function").GetString() == nameof(Thrown)
        );
        Assert.DoesNotContain("hunter2", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("live12345678", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Less_than_an_error_and_the_line_of_a_request_are_not_reported()
    {
        await using var sentry = await ScriptedCollector.StartAsync();
        await using var reports = new Reports(sentry);

        reports.Log.Warning("Only this");
        reports
            .Log.ForContext(
                Constants.SourceContextPropertyName,
                typeof(Chancery.Server.Platform.Edge.RequestLog).FullName
            )
            .Error("GET / 500");
        reports.Log.Error("This one");

        await reports.StopAsync();
        Assert.Contains("This one", Encoding.UTF8.GetString(Assert.Single(sentry.All).Body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Sentry-Rate-Limits", "60:error;transaction:organization")]
    [InlineData("X-Sentry-Rate-Limits", "30:transaction:key, 60::organization")]
    [InlineData("Retry-After", "60")]
    [InlineData("X-Anything", "else")]
    public async Task A_receiver_that_wants_to_be_left_alone_is(string header, string value)
    {
        await using var sentry = await ScriptedCollector.StartAsync();
        sentry.Answer = context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers[header] = value;
            return Task.CompletedTask;
        };
        await using var reports = new Reports(sentry);

        reports.Log.Error("one");
        await ScriptedCollector.EventuallyAsync(() => sentry.All.FirstOrDefault());
        reports.Log.Error("two");
        reports.Log.Error("three");

        await reports.StopAsync();
        Assert.Single(sentry.All);
        Assert.Equal(3, reports.Dropped);
    }

    [Fact]
    public async Task A_limit_for_something_else_is_no_limit_for_errors()
    {
        await using var sentry = await ScriptedCollector.StartAsync();
        sentry.Answer = context =>
        {
            context.Response.Headers["X-Sentry-Rate-Limits"] = "60:transaction:key";
            return Task.CompletedTask;
        };
        await using var reports = new Reports(sentry);

        reports.Log.Error("one");
        reports.Log.Error("two");

        await reports.StopAsync();
        Assert.Equal(2, sentry.All.Count);
        Assert.Equal(0, reports.Dropped);
    }

    [Fact]
    public async Task A_receiver_that_hangs_costs_reports_and_no_time()
    {
        await using var sentry = await ScriptedCollector.StartAsync();
        sentry.Answer = ScriptedCollector.Hang;
        await using var reports = new Reports(sentry);

        for (var i = 0; i < 300; i++)
        {
            reports.Log.Error("again");
        }

        Assert.InRange(reports.Dropped, 190, 200);
    }

    [Fact]
    public void Nothing_is_reported_without_a_DSN_and_a_DSN_is_never_printed()
    {
        Assert.Null(SentrySettings.Read(Tracer.Configuration()));
        var settings = SentrySettings.Read(
            Tracer.Configuration(("SENTRY_DSN", "https://hidden@sentry.example/base/7"))
        )!;
        Assert.Equal("https://sentry.example/base/api/7/envelope/", settings.Envelopes.AbsoluteUri);
        Assert.DoesNotContain("hidden", settings.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sentry.example/7")]
    [InlineData("https://sentry.example/7")]
    [InlineData("https://key@sentry.example/")]
    [InlineData("ftp://key@sentry.example/7")]
    public void What_is_no_DSN_is_refused(string dsn)
    {
        var refused = Assert.Throws<SettingException>(() =>
            SentrySettings.Read(Tracer.Configuration(("SENTRY_DSN", dsn)))
        );

        Assert.Equal("SENTRY_DSN", refused.Name);
        Assert.DoesNotContain(dsn, refused.Message, StringComparison.Ordinal);
    }

    private static InvalidOperationException Thrown(string message, Exception? cause = null)
    {
        try
        {
            throw new InvalidOperationException(message, cause);
        }
        catch (InvalidOperationException exception)
        {
            return exception;
        }
    }

    private sealed class Reports : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly OperatorHttp _http = new();
        private readonly MeterListener _listener = new();
        private readonly SentryReports _reports;
        private readonly Logger _log;
        private long _dropped;
        private bool _stopped;

        public Reports(ScriptedCollector sentry)
        {
            var meters = _services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _dropped, value));
            _listener.Start();
            _reports = new(
                SentrySettings.Read(
                    Tracer.Configuration(("SENTRY_DSN", $"http://public-key@{sentry.Address.Authority}/42"))
                ),
                _http,
                new HostingEnvironment { EnvironmentName = "Local" },
                new DroppedTelemetry(meters),
                TimeProvider.System
            );
            _reports.StartAsync(CancellationToken.None);
            _log = new LoggerConfiguration().WriteTo.Sink(_reports).CreateLogger();
        }

        public ILogger Log => _log;

        public long Dropped => Interlocked.Read(ref _dropped);

        public Task StopAsync()
        {
            _stopped = true;
            return _reports.StopAsync(CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            if (!_stopped)
            {
                await StopAsync();
            }

            _listener.Dispose();
            await _log.DisposeAsync();
            _reports.Dispose();
            _http.Dispose();
            await _services.DisposeAsync();
        }
    }
}
