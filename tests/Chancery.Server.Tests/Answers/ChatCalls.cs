using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Answers;

/// <summary>One event of a stream, its data as JSON.</summary>
internal sealed record ChatEvent(string Type, JsonElement Data);

internal static class ChatCalls
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<JsonElement> AskAsync(
        this TestUser user,
        object body,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        using var response = await user.Http.PostAsJsonAsync("/api/v1/chat", body, ChanceryFixture.Json, Cancel);
        return await response.ReadAsync(expected);
    }

    public static async Task<JsonElement> GetAsync(
        this TestUser user,
        string path,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        using var response = await user.Http.GetAsync(path, Cancel);
        return await response.ReadAsync(expected);
    }

    public static async Task<JsonElement> ReadAsync(this HttpResponseMessage response, HttpStatusCode expected)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public static async Task<HttpResponseMessage> OpenStreamAsync(
        this TestUser user,
        object body,
        CancellationToken cancellationToken = default
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/chat")
        {
            Content = JsonContent.Create(body, options: ChanceryFixture.Json),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        return await user.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public static async IAsyncEnumerable<ChatEvent> EventsAsync(this HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(Cancel))
        {
            yield return new ChatEvent(item.EventType, JsonSerializer.Deserialize<JsonElement>(item.Data));
        }
    }

    public static async Task<IReadOnlyList<ChatEvent>> StreamAsync(this TestUser user, object body)
    {
        using var response = await user.OpenStreamAsync(body, Cancel);
        var events = new List<ChatEvent>();
        await foreach (var happened in response.EventsAsync())
        {
            events.Add(happened);
        }

        return events;
    }

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static string TextOf(this IEnumerable<ChatEvent> events) =>
        string.Concat(
            events.Where(happened => happened.Type == "text").Select(happened => happened.Data.Text("delta"))
        );
}
