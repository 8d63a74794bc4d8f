using System.Text.Json;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Platform.Telemetry.Ratings;

/// <summary>What an evaluation found of one question.</summary>
/// <param name="Run">Of whose results it is.</param>
/// <param name="Trace">The trace that the question was answered, and judged, in.</param>
/// <param name="Values">0 to 1, by the name of the score.</param>
internal sealed record QuestionScores(
    Guid Run,
    Guid Dataset,
    Guid Question,
    string Trace,
    IReadOnlyDictionary<string, double> Values,
    DateTimeOffset At
)
{
    /// <summary>Which of the times it is that the question was asked in the run, from 1.</summary>
    public int Time { get; init; } = 1;
}

/// <summary>
/// Scores of evaluations, on their way to Langfuse: those of one question are one batch. A score has the same id however often it is sent, so
/// that it is there once. Nobody waits for it, and nothing fails with it. Safe for concurrent use.
/// </summary>
internal sealed class ScoreExport(
    TracingSettings settings,
    OperatorHttp http,
    DroppedTelemetry dropped,
    TimeProvider time
) : LangfuseSender<QuestionScores>(settings, http, dropped, time)
{
    private const int MostAnswerBytes = 256 * 1024;

    /// <summary>Says them, where Langfuse gets the trace and there is a number among them.</summary>
    public void Tell(QuestionScores scores)
    {
        if (scores.Values.Count > 0 && Wants(scores.Trace))
        {
            Send(scores);
        }
    }

    protected override HttpRequestMessage RequestOf(QuestionScores thing, Uri api) =>
        new(HttpMethod.Post, new Uri(api, "ingestion"))
        {
            Content = JsonOf(
                new Dictionary<string, object>
                {
                    ["batch"] = thing.Values.Select(value =>
                    {
                        var again = thing.Time > 1 ? $"-{thing.Time}" : "";
                        var id = $"{thing.Run:n}-{thing.Question:n}-{value.Key}{again}";
                        return new Dictionary<string, object>
                        {
                            ["id"] = id,
                            ["type"] = "score-create",
                            ["timestamp"] = thing.At,
                            ["body"] = new Dictionary<string, object>
                            {
                                ["id"] = id,
                                ["traceId"] = thing.Trace,
                                ["name"] = value.Key,
                                ["value"] = value.Value,
                                ["dataType"] = "NUMERIC",
                                ["metadata"] = new Dictionary<string, object>
                                {
                                    ["eval_run"] = thing.Run,
                                    ["eval_dataset"] = thing.Dataset,
                                    ["eval_question"] = thing.Question,
                                },
                            },
                        };
                    }),
                }
            ),
        };

    // 207: each is taken or refused for itself.
    protected override async Task<bool> IsTakenAsync(
        QuestionScores thing,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        if (!response.IsSuccessStatusCode)
        {
            return false;
        }

        await response.Content.LoadIntoBufferAsync(MostAnswerBytes, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return body.Length == 0
                || JsonSerializer.Deserialize<JsonElement>(body) is not { ValueKind: JsonValueKind.Object } answer
                || !answer.TryGetProperty("errors", out var errors)
                || errors.ValueKind is not JsonValueKind.Array
                || errors.GetArrayLength() == 0;
        }
        catch (JsonException)
        {
            // Whatever stands between took it.
            return true;
        }
    }
}
