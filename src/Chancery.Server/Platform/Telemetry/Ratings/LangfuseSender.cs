using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Platform.Telemetry.Ratings;

/// <summary>
/// Things on their way to Langfuse, one request each, in their order: beside whoever has them, who waits for nothing, and with whom nothing
/// fails. Three tries; beyond a thousand that wait, what comes is dropped and counted. Safe for concurrent use.
/// </summary>
internal abstract class LangfuseSender<T> : BackgroundService
{
    private const string Sink = "langfuse";
    private const int MostWaiting = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)];

    private readonly LangfuseSettings? _langfuse;
    private readonly OperatorHttp _http;
    private readonly DroppedTelemetry _dropped;
    private readonly TimeProvider _time;
    private readonly Channel<T> _waiting;

    protected LangfuseSender(TracingSettings settings, OperatorHttp http, DroppedTelemetry dropped, TimeProvider time)
    {
        (_langfuse, _http, _dropped, _time) = (settings.Langfuse, http, dropped, time);
        _waiting = Channel.CreateBounded<T>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite },
            _ => dropped.Count(Sink, "queue_full")
        );
    }

    /// <summary>Whether Langfuse gets this trace: where one is set up, and samples it.</summary>
    protected bool Wants(string? trace) =>
        _langfuse is { } langfuse
        && trace is { Length: 32 }
        && LangfuseQueue.IsSampled(ActivityTraceId.CreateFromString(trace), langfuse.SampleRate);

    protected void Send(T thing) => _waiting.Writer.TryWrite(thing);

    /// <param name="api">Of Langfuse, up to and with <c>/api/public/</c>.</param>
    protected abstract HttpRequestMessage RequestOf(T thing, Uri api);

    /// <summary>Whether an answer that is no server's fault took it.</summary>
    protected virtual Task<bool> IsTakenAsync(
        T thing,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    ) => Task.FromResult(response.IsSuccessStatusCode);

    protected static StringContent JsonOf(object body) =>
        new(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var thing in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await SendAsync(thing, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops. What waits is lost, and counted by nobody who could still be told.
        }
    }

    private async Task SendAsync(T thing, CancellationToken stopping)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (await TryAsync(thing, stopping) is { } isTaken)
            {
                if (!isTaken)
                {
                    _dropped.Count(Sink, "refused");
                }

                return;
            }

            if (attempt == Pauses.Length)
            {
                _dropped.Count(Sink, "export_failed");
                return;
            }

            await Task.Delay(Pauses[attempt], _time, stopping);
        }
    }

    /// <summary>Null where it may be tried again.</summary>
    private async Task<bool?> TryAsync(T thing, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            // Beside …/api/public/otel/v1/traces, where spans go.
            using var request = RequestOf(thing, new Uri(_langfuse!.Address, "../../"));
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_langfuse.PublicKey}:{_langfuse.SecretKey}"))
            );
            using var response = await _http.Client.SendAsync(request, limit.Token);
            return (int)response.StatusCode is 429 or >= 500 ? null : await IsTakenAsync(thing, response, limit.Token);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or OperationCanceledException
                && !stopping.IsCancellationRequested
            )
        {
            return null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // It cannot be said, as a number that JSON has no word for, and could not be the next time: the others go on.
            return false;
        }
    }
}
