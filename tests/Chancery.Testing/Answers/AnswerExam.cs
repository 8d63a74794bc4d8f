using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Evaluation.Scoring;

namespace Chancery.Testing.Answers;

/// <summary>What became of one question.</summary>
/// <param name="Outcome">answered, unsupported (not in the documents) or failed.</param>
/// <param name="Scores">As the server gave them, by name.</param>
public sealed record ExamResult(
    RoundKind Kind,
    JudgedQuestion Question,
    string Outcome,
    string Answer,
    IReadOnlyDictionary<string, Score> Scores
)
{
    public bool IsRefused => Outcome == "unsupported";

    public bool IsFailed => Outcome == "failed";

    public Score ScoreOf(string name) => Scores.GetValueOrDefault(name, Score.None);
}

/// <summary>
/// Puts a set to a running server as somebody who evaluates it does: uploads the documents, makes datasets of the questions, runs them,
/// and reads the scores.
/// </summary>
/// <param name="http">Signed in to an organisation of its own, whose documents the set's are.</param>
public sealed class AnswerExam(HttpClient http, JudgedSet set)
{
    private const string Datasets = "/api/v1/eval/datasets";
    private const string Runs = "/api/v1/eval/runs";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <summary>Uploads the documents and waits until each can be found.</summary>
    /// <exception cref="InvalidOperationException">One could not be read.</exception>
    public async Task UploadAsync(CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        foreach (var file in set.Files)
        {
            using var form = new MultipartFormDataContent();
            if (file.Tag is { } tag)
            {
                form.Add(new StringContent(tag), "tags");
            }

            using var content = new ByteArrayContent(file.Content);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(content, "file", file.Name);
            ids.Add(Text(await SendAsync(HttpMethod.Post, "/api/v1/docs", form, cancellationToken), "id"));
        }

        foreach (var id in ids)
        {
            var path = $"/api/v1/docs/{id}";
            JsonElement document;
            while (
                Text(document = await SendAsync(HttpMethod.Get, path, null, cancellationToken), "state")
                    is not ("ready" or "failed")
            )
            {
                await Task.Delay(50, cancellationToken);
            }

            if (Text(document, "state") is "failed")
            {
                throw new InvalidOperationException($"A document of {set.Name} could not be read: {document}");
            }
        }
    }

    /// <summary>Asks all rounds, one after the other.</summary>
    /// <param name="model">Null for the organisation's default.</param>
    public async Task<IReadOnlyList<ExamResult>> AskAsync(string? model, CancellationToken cancellationToken)
    {
        var results = new List<ExamResult>();
        foreach (var round in set.Rounds)
        {
            var dataset = await MakeAsync(round, cancellationToken);
            var target = new
            {
                kind = "answer",
                model,
                tags = round.Tags,
            };
            var run = Text(await PostAsync(Runs, new { dataset, target }, cancellationToken), "id");
            await WaitAsync(run, cancellationToken);
            var rows = await ResultsAsync(run, cancellationToken);
            results.AddRange(rows.Zip(round.Questions, (row, question) => Read(round.Kind, question, row)));
            if (rows.Count != round.Questions.Count)
            {
                throw new InvalidOperationException($"{round.Questions.Count} questions have {rows.Count} results.");
            }
        }

        return results;
    }

    private async Task<string> MakeAsync(QuestionRound round, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{set.Name}, {round.Kind} {Guid.CreateVersion7():n}");
        var dataset = Text(await PostAsync(Datasets, new { name }, cancellationToken), "id");
        var lines = round.Questions.Select(question =>
            JsonSerializer.Serialize(
                new
                {
                    question = question.Text,
                    expected_answers = question.Answers,
                    expected_places = question.Places?.Select(place => new
                    {
                        document = place.File,
                        page = place.Page,
                    }),
                    should_refuse = round.Kind is not RoundKind.Answerable,
                    language = question.Language,
                },
                _json
            )
        );
        using var form = new MultipartFormDataContent();
        using var file = new ByteArrayContent(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        form.Add(file, "file", "questions.jsonl");
        var taken = await SendAsync(HttpMethod.Post, $"{Datasets}/{dataset}/import", form, cancellationToken);
        return taken.GetProperty("rejected_count").GetInt32() == 0
            ? dataset
            : throw new InvalidOperationException($"Questions of {set.Name} were rejected: {taken}");
    }

    private async Task WaitAsync(string run, CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = await SendAsync(HttpMethod.Get, $"{Runs}/{run}", null, cancellationToken);
            switch (Text(now, "state"))
            {
                case "done":
                    return;
                case "queued" or "running":
                    await Task.Delay(100, cancellationToken);
                    break;
                default:
                    throw new InvalidOperationException($"A run of {set.Name} did not come to its end: {now}");
            }
        }
    }

    /// <summary>In the order of the questions.</summary>
    private async Task<List<JsonElement>> ResultsAsync(string run, CancellationToken cancellationToken)
    {
        var rows = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var next = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var page = await SendAsync(
                HttpMethod.Get,
                $"{Runs}/{run}/results?limit=500{next}",
                null,
                cancellationToken
            );
            rows.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.TryGetProperty("next_cursor", out var after) ? after.GetString() : null;
        } while (cursor is not null);
        return rows;
    }

    private static ExamResult Read(RoundKind kind, JudgedQuestion question, JsonElement row) =>
        Text(row, "question") == question.Text
            ? new ExamResult(
                kind,
                question,
                Text(row, "outcome"),
                row.TryGetProperty("answer", out var answer) ? answer.GetString() ?? "" : "",
                row.GetProperty("scores")
                    .EnumerateArray()
                    .ToDictionary(score => Text(score, "name"), score => ScoreOf(score))
            )
            : throw new InvalidOperationException(
                $"\"{question.Text}\" has the result of \"{Text(row, "question")}\"."
            );

    private static Score ScoreOf(JsonElement score) =>
        Text(score, "state") switch
        {
            "number" => Score.Of(score.GetProperty("value").GetDouble()),
            "failed" => new Score.Failed(Text(score, "reason")),
            _ => Score.None,
        };

    private Task<JsonElement> PostAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, options: _json), cancellationToken);

    private async Task<JsonElement> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? body,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body };
        using var response = await http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {text}");
    }

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
