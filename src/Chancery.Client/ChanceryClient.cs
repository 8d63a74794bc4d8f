using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Client;

/// <summary>A client of a running Chancery server. Give it an HTTP client with the server's address and a credential.</summary>
/// <remarks>
/// One method for each route, generated from the server's own description; here are the routes that stream, which no
/// description can tell a generator. Safe for concurrent use. The HTTP client stays the caller's.
/// </remarks>
public partial class ChanceryClient
{
    private const string Events = "text/event-stream";

    /// <summary>How bodies are written and read.</summary>
    public static JsonSerializerOptions Json { get; } = MakeJson();

    /// <summary>Asks a question and hands its answer over as it comes; the last event is Done or Broken.</summary>
    /// <param name="idempotencyKey">
    /// The same key with the same question again gives the same answer, without asking the model again, for 24 hours.
    /// </param>
    /// <exception cref="ChanceryException">The server refused, before the first event.</exception>
    /// <exception cref="HttpRequestException">The connection failed. Ask again with the same key.</exception>
    public async IAsyncEnumerable<AnswerEvent> AskAsync(
        ChatRequest question,
        string? idempotencyKey = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/v1/chat", UriKind.Relative));
        request.Content = JsonContent.Create(question with { Stream = true }, options: Json);
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        await foreach (var item in ReadAsync(request, cancellationToken))
        {
            switch (item.EventType)
            {
                case "retrieval":
                    yield return new AnswerEvent.Retrieved(Parse<Retrieval>(item.Data));
                    break;
                case "reasoning":
                    yield return new AnswerEvent.Reasoned(Parse<ReasoningStep>(item.Data));
                    break;
                case "text":
                    yield return new AnswerEvent.Text(Parse<TextDelta>(item.Data).Delta);
                    break;
                case "citation":
                    yield return new AnswerEvent.Cited(Parse<Citation>(item.Data));
                    break;
                case "done":
                    yield return new AnswerEvent.Done(Parse<ChatAnswer>(item.Data));
                    yield break;
                case "error":
                    yield return new AnswerEvent.Broken(Parse<Problem>(item.Data));
                    yield break;
                default:
                    // A ping, or what a later server may send.
                    break;
            }
        }
    }

    /// <summary>How far a document's latest version has come, until nothing more happens to it by itself.</summary>
    /// <remarks>Leaving does not end the work. A connection that breaks is taken up again by calling this again.</remarks>
    /// <exception cref="ChanceryException">There is no such document, or it is not yours to see.</exception>
    public async IAsyncEnumerable<ProgressEvent> WatchDocumentAsync(
        Guid id,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri($"api/v1/docs/{id}/events", UriKind.Relative)
        );
        await foreach (var item in ReadAsync(request, cancellationToken))
        {
            switch (item.EventType)
            {
                case "progress":
                    yield return Parse<ProgressEvent>(item.Data);
                    break;
                case "done":
                    yield break;
                default:
                    break;
            }
        }
    }

    static partial void UpdateJsonSerializerSettings(JsonSerializerOptions settings) => Shape(settings);

    private async IAsyncEnumerable<SseItem<string>> ReadAsync(
        HttpRequestMessage request,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        Action<HttpResponseMessage>? answered = null
    )
    {
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(Events));
        using var response = await _httpClient.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != Events)
        {
            throw await ChanceryException.FromAsync(response, cancellationToken);
        }

        answered?.Invoke(response);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            yield return item;
        }
    }

    private static T Parse<T>(string data) => JsonSerializer.Deserialize<T>(data, Json)!;

    private static JsonSerializerOptions MakeJson()
    {
        var options = new JsonSerializerOptions();
        Shape(options);
        return options;
    }

    // What is absent is left out, and names stand for what is one of several, as the server does it.
    private static void Shape(JsonSerializerOptions options)
    {
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter());
    }
}
