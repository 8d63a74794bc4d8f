using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Platform.Telemetry.Ratings;

/// <summary>
/// What people think of answers, on its way to Langfuse as scores of the traces that the answers were made in. Nobody waits for it, and nothing
/// fails with it. Safe for concurrent use.
/// </summary>
internal sealed class RatingExport : BackgroundService
{
    private const string Sink = "langfuse";
    private const string ScoreName = "user_feedback";
    private const int MostWaiting = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)];

    private readonly LangfuseSettings? _langfuse;
    private readonly OperatorHttp _http;
    private readonly DroppedTelemetry _dropped;
    private readonly TimeProvider _time;
    private readonly Channel<Rating> _waiting;

    public RatingExport(TracingSettings settings, OperatorHttp http, DroppedTelemetry dropped, TimeProvider time)
    {
        (_langfuse, _http, _dropped, _time) = (settings.Langfuse, http, dropped, time);
        _waiting = Channel.CreateBounded<Rating>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite },
            _ => dropped.Count(Sink, "queue_full")
        );
    }

    private sealed record Rating(Guid Id, string Trace, bool? IsGood, string? Comment);

    /// <summary>Says it, once Langfuse listens. The last word on one id counts.</summary>
    /// <param name="id">Of what is rated.</param>
    /// <param name="trace">The trace that it was made in; null where that is not known, and nothing is told.</param>
    /// <param name="isGood">Null takes it back.</param>
    /// <param name="comment">Told without personal data.</param>
    public void Tell(Guid id, string? trace, bool? isGood, string? comment)
    {
        if (
            _langfuse is { } langfuse
            && trace is { Length: 32 }
            && LangfuseQueue.IsSampled(ActivityTraceId.CreateFromString(trace), langfuse.SampleRate)
        )
        {
            _waiting.Writer.TryWrite(new Rating(id, trace, isGood, comment));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var rating in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await SendAsync(rating, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops. What waits is lost, and counted by nobody who could still be told.
        }
    }

    private async Task SendAsync(Rating rating, CancellationToken stopping)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (await TryAsync(rating, stopping) is { } isTaken)
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
    private async Task<bool?> TryAsync(Rating rating, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            using var request = RequestOf(rating, _langfuse!);
            using var response = await _http.Client.SendAsync(request, limit.Token);
            return response.IsSuccessStatusCode
                // What was never told, or taken back before, is gone already.
                || (rating.IsGood is null && response.StatusCode == System.Net.HttpStatusCode.NotFound)
                    ? true
                : (int)response.StatusCode is 429 or >= 500 ? null
                : false;
        }
        catch (Exception exception)
            when (exception is HttpRequestException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    private static HttpRequestMessage RequestOf(Rating rating, LangfuseSettings langfuse)
    {
        // Beside …/api/public/otel/v1/traces, where spans go.
        var scores = new Uri(langfuse.Address, "../../scores");
        var request = rating.IsGood is { } isGood
            ? new HttpRequestMessage(HttpMethod.Post, scores)
            {
                Content = new StringContent(
                    JsonSerializer.Serialize(
                        new Dictionary<string, object?>
                        {
                            ["id"] = rating.Id.ToString(),
                            ["traceId"] = rating.Trace,
                            ["name"] = ScoreName,
                            ["value"] = isGood ? 1 : 0,
                            ["dataType"] = "BOOLEAN",
                            ["comment"] = rating.Comment is { } comment
                                ? Redaction.Redact(comment, PersonalDataOptions.Default, new PersonalDataVault()).Text
                                : null,
                        }
                    ),
                    Encoding.UTF8,
                    "application/json"
                ),
            }
            : new HttpRequestMessage(HttpMethod.Delete, new Uri($"{scores}/{rating.Id}"));
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{langfuse.PublicKey}:{langfuse.SecretKey}"))
        );
        return request;
    }
}
