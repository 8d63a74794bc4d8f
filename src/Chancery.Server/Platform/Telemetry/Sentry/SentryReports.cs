using System.Globalization;
using System.Threading.Channels;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Http;
using OpenTelemetry;
using Serilog.Core;
using Serilog.Events;

namespace Chancery.Server.Platform.Telemetry.Sentry;

/// <summary>Reports errors that are logged to Sentry, or to whatever speaks its protocol.</summary>
/// <remarks>
/// Never waits and never throws: <see cref="MostWaiting"/> reports wait, what comes on top is counted as dropped, and so is what
/// comes while the receiver wants to be left alone. Safe for concurrent use.
/// </remarks>
internal sealed class SentryReports(
    SentrySettings? settings,
    OperatorHttp http,
    IHostEnvironment environment,
    DroppedTelemetry dropped,
    TimeProvider time
) : ILogEventSink, IHostedService, IDisposable
{
    private const int MostWaiting = 100;
    private const string Sink = "sentry";

    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeftAlone = TimeSpan.FromSeconds(60);
    private static readonly string? RequestLogSource = typeof(RequestLog).FullName;

    private readonly Channel<LogEvent> _waiting = Channel.CreateBounded<LogEvent>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true }
    );

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private DateTimeOffset _silentUntil;

    public bool IsOn => settings is not null;

    public void Emit(LogEvent logEvent)
    {
        if (settings is null || logEvent.Level < LogEventLevel.Error || IsLineOfRequest(logEvent))
        {
            return;
        }

        if (!_waiting.Writer.TryWrite(logEvent))
        {
            dropped.Count(Sink, "queue_full");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings is not null)
        {
            _running = Task.Run(() => RunAsync(settings), CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        _stop.CancelAfter(LongestStop);
        await _running;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync(SentrySettings to)
    {
        // Else reports would be calls in traces, with errors to report.
        using var quiet = SuppressInstrumentationScope.Begin();
        await foreach (var entry in _waiting.Reader.ReadAllAsync())
        {
            if (time.GetUtcNow() < _silentUntil)
            {
                dropped.Count(Sink, "rate_limited");
                continue;
            }

            await SendAsync(to, entry);
        }
    }

    private async Task SendAsync(SentrySettings to, LogEvent entry)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, to.Envelopes)
            {
                Content = new ByteArrayContent(SentryEvent.Envelope(entry, environment.EnvironmentName)),
            };
            request.Content.Headers.ContentType = new("application/x-sentry-envelope");
            request.Headers.TryAddWithoutValidation(
                "X-Sentry-Auth",
                $"Sentry sentry_version=7, sentry_client=chancery/0.1, sentry_key={to.Key}"
            );
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            cancel.CancelAfter(LongestCall);
            using var response = await http.Client.SendAsync(request, cancel.Token);
            Heed(response);
            if (!response.IsSuccessStatusCode)
            {
                dropped.Count(Sink, "export_failed");
            }
        }
#pragma warning disable CA1031 // Whatever it is, the next report has to go out; and to log it would be the next report.
        catch (Exception)
#pragma warning restore CA1031
        {
            dropped.Count(Sink, "export_failed");
        }
    }

    private void Heed(HttpResponseMessage response)
    {
        var wait = TimeSpan.Zero;
        if (response.Headers.TryGetValues("X-Sentry-Rate-Limits", out var limits))
        {
            foreach (var limit in limits.SelectMany(line => line.Split(',')))
            {
                var parts = limit.Trim().Split(':');
                if (
                    double.TryParse(parts[0], CultureInfo.InvariantCulture, out var seconds)
                    && (parts.Length < 2 || parts[1].Length == 0 || parts[1].Split(';').Contains("error"))
                    && seconds is > 0 and < 86_400
                )
                {
                    wait = TimeSpan.FromSeconds(Math.Max(wait.TotalSeconds, seconds));
                }
            }
        }
        else if ((int)response.StatusCode == 429)
        {
            wait =
                response.Headers.RetryAfter?.Delta
                ?? (response.Headers.RetryAfter?.Date is { } date ? date - time.GetUtcNow() : LeftAlone);
        }

        if (wait > TimeSpan.Zero)
        {
            _silentUntil = time.GetUtcNow() + wait;
        }
    }

    // A fault is logged where it is caught; the line of its request says nothing more.
    private static bool IsLineOfRequest(LogEvent entry) =>
        entry.Properties.TryGetValue("SourceContext", out var source)
        && source is ScalarValue { Value: string name }
        && name == RequestLogSource;
}
