using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Chancery.Server.Tests.Gateway;

/// <summary>What came back from <c>POST /v1/chat/completions</c>, read as a client reads it.</summary>
internal sealed record Completion(
    HttpStatusCode Status,
    string Text,
    string? FinishReason,
    bool IsDone,
    JsonElement? Error,
    JsonElement? Usage,
    IReadOnlyDictionary<string, string> Headers,
    IReadOnlyList<JsonElement> Events
)
{
    public string? ErrorCode => Error is { } error ? error.GetProperty("code").GetString() : null;

    public string Header(string name) => Headers.GetValueOrDefault(name, "");

    public static async Task<Completion> AskAsync(
        HttpClient client,
        object request,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? with = null
    )
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative));
        message.Content = JsonContent.Create(request);
        foreach (var (name, value) in with ?? new Dictionary<string, string>())
        {
            message.Headers.Add(name, value);
        }

        using var response = await client.SendAsync(
            message,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        var headers = response.Headers.ToDictionary(
            header => header.Key,
            header => string.Join(", ", header.Value),
            StringComparer.OrdinalIgnoreCase
        );
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            return OfJson(
                response.StatusCode,
                await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken),
                headers
            );
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var events = new List<JsonElement>();
        var done = false;
        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            Assert.False(done, "Something came after [DONE].");
            if (item.Data == "[DONE]")
            {
                done = true;
                continue;
            }

            events.Add(JsonElement.Parse(item.Data));
        }

        var deltas = events.Where(HasChoice).Select(happened => happened.GetProperty("choices")[0]).ToList();
        return new Completion(
            response.StatusCode,
            string.Concat(deltas.Select(choice => TextOf(choice.GetProperty("delta")))),
            deltas
                .Select(choice => choice.TryGetProperty("finish_reason", out var reason) ? reason.GetString() : null)
                .LastOrDefault(reason => reason is not null),
            done,
            events.Select(happened => Find(happened, "error")).LastOrDefault(error => error is not null),
            events.Select(happened => Find(happened, "usage")).LastOrDefault(usage => usage is not null),
            headers,
            events
        );
    }

    private static Completion OfJson(
        HttpStatusCode status,
        JsonElement body,
        IReadOnlyDictionary<string, string> headers
    ) =>
        new(
            status,
            HasChoice(body) ? TextOf(body.GetProperty("choices")[0].GetProperty("message")) : "",
            HasChoice(body) ? body.GetProperty("choices")[0].GetProperty("finish_reason").GetString() : null,
            HasChoice(body),
            Find(body, "error"),
            Find(body, "usage"),
            headers,
            [body]
        );

    private static bool HasChoice(JsonElement happened) =>
        happened.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0;

    private static string TextOf(JsonElement message) =>
        message.TryGetProperty("content", out var text) && text.ValueKind is JsonValueKind.String
            ? text.GetString()!
            : "";

    private static JsonElement? Find(JsonElement happened, string name) =>
        happened.TryGetProperty(name, out var found) && found.ValueKind is not JsonValueKind.Null ? found : null;
}
