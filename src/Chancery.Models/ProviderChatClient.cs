using System.Buffers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Chat with one model over HTTP, by one of the protocols. One attempt per call: retries, deadlines and fall-back belong to the
/// caller. Safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>
/// A streamed answer ended well only if the enumeration ends without an exception; an update then carried a finish reason. An
/// update may be empty, such as one that only names the role: the answer begins with the first one that holds text, reasoning or
/// a <see cref="ToolCallDelta"/>. Usage comes once, last, and before that as
/// <see cref="AnswerProperties.UsageSoFar"/>.
/// </para>
/// <para>
/// <see cref="ChatOptions.AdditionalProperties"/> go to the provider as they are, where they would not take the place of what
/// is said otherwise: model, messages, limit of the answer, number of answers and streaming cannot be changed by them.
/// </para>
/// </remarks>
public abstract class ProviderChatClient : IChatClient
{
    /// <summary>Of one event, or of a whole answer: many times what any model writes, images included.</summary>
    private const long MaxPieceBytes = 32 * 1024 * 1024;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ModelTransport _transport;
    private readonly ChatClientMetadata _metadata;

    private protected ProviderChatClient(HttpClient http, ModelEndpoint endpoint, TimeProvider? time, string provider)
    {
        Endpoint = endpoint;
        _transport = new ModelTransport(http, endpoint, time ?? TimeProvider.System);
        _metadata = new ChatClientMetadata(provider, endpoint.BaseAddress, endpoint.Model);
    }

    private protected ModelEndpoint Endpoint { get; }

    /// <summary>Below the endpoint's base address.</summary>
    private protected abstract string Path(string model, bool isStreamed);

    /// <summary>Writes the body of a request, a JSON object.</summary>
    private protected abstract void Write(
        Utf8JsonWriter json,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        string model,
        bool isStreamed
    );

    private protected abstract AnswerReader Reader(string model);

    /// <exception cref="ModelException">The model gave no complete answer.</exception>
    /// <exception cref="NotSupportedException">A message or an option holds what the protocol cannot carry.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var model = options?.ModelId ?? Endpoint.Model;
        using var response = await PostAsync(messages, options, model, isStreamed: false, cancellationToken);
        return await ReadWholeAsync(response, Reader(model), cancellationToken);
    }

    /// <exception cref="ModelException">
    /// The stream broke, held an error, or ended without a finish reason. What came before is not an answer.
    /// </exception>
    /// <exception cref="NotSupportedException">A message or an option holds what the protocol cannot carry.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var model = options?.ModelId ?? Endpoint.Model;
        using var response = await PostAsync(messages, options, model, isStreamed: true, cancellationToken);
        var answer = Reader(model);

        // An endpoint that cannot stream, or that fails before it does, answers in one piece.
        if (response.Content.Headers.ContentType?.MediaType is "application/json")
        {
            var whole = await ReadWholeAsync(response, answer, cancellationToken);
            foreach (var update in whole.ToChatResponseUpdates())
                yield return update;
            yield break;
        }

        await using var body = new BoundedStream(
            await response.Content.ReadAsStreamAsync(cancellationToken),
            MaxPieceBytes
        );
        await using var events = SseParser
            .Create(body, (_, data) => answer.Read(data))
            .EnumerateAsync(cancellationToken)
            .GetAsyncEnumerator(cancellationToken);

        UsageDetails? told = null;
        while (await NextAsync(events, answer, cancellationToken))
        {
            body.StartPiece();
            var update = events.Current.Data;
            if (answer.Usage is { } usage && usage != told)
            {
                update ??= answer.Update([]);
                (update.AdditionalProperties ??= [])[AnswerProperties.UsageSoFar] = told = usage;
            }

            if (update is not null)
                yield return update;
            if (answer.IsOver)
                break;
        }

        if (!answer.IsComplete)
            throw answer.Broken();
        if (answer.Usage is { } total)
            yield return answer.Update([new UsageContent(total)]);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(ModelEndpoint) ? Endpoint
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the <see cref="HttpClient"/> is the caller's.</summary>
    public void Dispose() => GC.SuppressFinalize(this);

    private Task<HttpResponseMessage> PostAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        string model,
        bool isStreamed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, Plain))
            Write(json, messages as IReadOnlyList<ChatMessage> ?? [.. messages], options, model, isStreamed);

        return _transport.PostAsync(Path(model, isStreamed), body.WrittenMemory, model, cancellationToken);
    }

    private static async ValueTask<bool> NextAsync(
        IAsyncEnumerator<SseItem<ChatResponseUpdate?>> events,
        AnswerReader answer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw answer.Broken(exception);
        }
    }

    private static async Task<ChatResponse> ReadWholeAsync(
        HttpResponseMessage response,
        AnswerReader answer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using var body = new BoundedStream(
                await response.Content.ReadAsStreamAsync(cancellationToken),
                MaxPieceBytes
            );
            return await answer.ReadAsync(body, cancellationToken);
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw answer.Broken(exception);
        }
    }
}
