using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Chat with one model over <c>POST chat/completions</c>. One attempt per call: retries, deadlines and fall-back belong to
/// the caller. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A streamed answer ended well only if the enumeration ends without an exception and an update carried a finish reason.
/// Usage comes once, last. Text only: a message or an option with tools, images or files is refused.
/// </remarks>
/// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
/// <param name="endpoint">Where the model is.</param>
/// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
public sealed class OpenAICompatibleChatClient(HttpClient http, ModelEndpoint endpoint, TimeProvider? time = null)
    : IChatClient
{
    private const string Path = "chat/completions";

    private readonly ModelTransport _transport = new(http, endpoint, time ?? TimeProvider.System);
    private readonly ChatClientMetadata _metadata = new("openai", endpoint.BaseAddress, endpoint.Model);

    /// <exception cref="ModelException">The model gave no complete answer.</exception>
    /// <exception cref="NotSupportedException">A message or an option holds more than text.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var request = Compose(messages, options, stream: false);
        using var response = await _transport.PostAsync(
            Path,
            request,
            Wire.Default.ChatRequest,
            request.Model,
            cancellationToken
        );

        var answer = await ReadAsync(response, request.Model, cancellationToken);
        if (answer.Error is { ValueKind: JsonValueKind.Object or JsonValueKind.String } error)
            throw ModelTransport.Reported(error, request.Model);
        if (answer.Choices is not [{ Message: { } text, FinishReason: { Length: > 0 } reason }, ..])
            throw ModelTransport.Broken(request.Model);

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, Contents(text)))
        {
            ResponseId = answer.Id,
            ModelId = answer.Model ?? request.Model,
            CreatedAt = When(answer.Created),
            FinishReason = new ChatFinishReason(reason),
            Usage = Usage(answer.Usage),
        };
    }

    /// <exception cref="ModelException">
    /// The stream broke, held an error, or ended without a finish reason. What came before is not an answer.
    /// </exception>
    /// <exception cref="NotSupportedException">A message or an option holds more than text.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var request = Compose(messages, options, stream: true);
        using var response = await _transport.PostAsync(
            Path,
            request,
            Wire.Default.ChatRequest,
            request.Model,
            cancellationToken
        );

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var events = SseParser
            .Create(body, static (_, data) => Parse(data))
            .EnumerateAsync(cancellationToken)
            .GetAsyncEnumerator(cancellationToken);

        WireUsage? usage = null;
        ChatAnswer? last = null;
        var finished = false;

        while (await NextAsync(events, request.Model, cancellationToken) is { } chunk)
        {
            if (chunk.Error is { ValueKind: JsonValueKind.Object or JsonValueKind.String } error)
                throw ModelTransport.Reported(error, request.Model);

            // Providers that report on every chunk report the sum so far.
            usage = chunk.Usage ?? usage;
            last = chunk;
            if (chunk.Choices is not [var choice, ..])
                continue;

            var update = Update(chunk, request.Model, choice.Delta is { } delta ? Contents(delta) : []);
            if (choice.FinishReason is { Length: > 0 } reason)
            {
                update.FinishReason = new ChatFinishReason(reason);
                finished = true;
            }

            yield return update;
        }

        if (!finished || last is null)
            throw ModelTransport.Broken(request.Model);
        if (Usage(usage) is { } total)
            yield return Update(last, request.Model, [new UsageContent(total)]);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(ModelEndpoint) ? endpoint
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the <see cref="HttpClient"/> is the caller's.</summary>
    public void Dispose() { }

    private static ChatAnswer? Parse(ReadOnlySpan<byte> data) =>
        data.SequenceEqual("[DONE]"u8)
            ? null
            : JsonSerializer.Deserialize(data, Wire.Default.ChatAnswer)
                ?? throw new JsonException("An event of the stream was null.");

    /// <summary>The next chunk; <see langword="null"/> at <c>[DONE]</c> and at the end of the stream.</summary>
    private static async ValueTask<ChatAnswer?> NextAsync(
        IAsyncEnumerator<SseItem<ChatAnswer?>> events,
        string model,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await events.MoveNextAsync() ? events.Current.Data : null;
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw ModelTransport.Broken(model, exception);
        }
    }

    private static async Task<ChatAnswer> ReadAsync(
        HttpResponseMessage response,
        string model,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, Wire.Default.ChatAnswer, cancellationToken)
                ?? throw ModelTransport.Broken(model);
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw ModelTransport.Broken(model, exception);
        }
    }

    private ChatRequest Compose(IEnumerable<ChatMessage> messages, ChatOptions? options, bool stream)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (options?.Tools is { Count: > 0 })
            throw new NotSupportedException("Tools are not sent to this model: leave ChatOptions.Tools empty.");

        var sent = new List<WireMessage>();
        if (!string.IsNullOrEmpty(options?.Instructions))
            sent.Add(new WireMessage("system", options.Instructions));
        foreach (var message in messages)
        {
            if (message.Contents.Any(content => content is not (TextContent or TextReasoningContent or UsageContent)))
                throw new NotSupportedException("Only text is sent to this model: remove other content.");
            sent.Add(new WireMessage(message.Role.Value, message.Text));
        }

        return new ChatRequest(options?.ModelId ?? endpoint.Model, sent)
        {
            Stream = stream ? true : null,
            StreamOptions = stream ? new StreamOptions(IncludeUsage: true) : null,
            Temperature = options?.Temperature,
            TopP = options?.TopP,
            MaxTokens = options?.MaxOutputTokens,
            FrequencyPenalty = options?.FrequencyPenalty,
            PresencePenalty = options?.PresencePenalty,
            Seed = options?.Seed,
            Stop = options?.StopSequences is { Count: > 0 } stops ? stops : null,
            ResponseFormat = options?.ResponseFormat switch
            {
                ChatResponseFormatJson { Schema: { } schema } json => new ResponseFormat("json_schema")
                {
                    JsonSchema = new JsonSchemaFormat(json.SchemaName ?? "answer", schema, json.SchemaDescription),
                },
                ChatResponseFormatJson => new ResponseFormat("json_object"),
                _ => null,
            },
        };
    }

    private static List<AIContent> Contents(WireText text)
    {
        var contents = new List<AIContent>(1);
        if (!string.IsNullOrEmpty(text.ReasoningContent))
            contents.Add(new TextReasoningContent(text.ReasoningContent));
        if ((string.IsNullOrEmpty(text.Content) ? text.Refusal : text.Content) is { Length: > 0 } words)
            contents.Add(new TextContent(words));
        return contents;
    }

    private static ChatResponseUpdate Update(ChatAnswer chunk, string model, List<AIContent> contents) =>
        new(ChatRole.Assistant, contents)
        {
            ResponseId = chunk.Id,
            MessageId = chunk.Id,
            ModelId = chunk.Model ?? model,
            CreatedAt = When(chunk.Created),
        };

    private static DateTimeOffset? When(long? created) =>
        created is > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(created.Value) : null;

    private static UsageDetails? Usage(WireUsage? usage) =>
        usage is null
            ? null
            : new UsageDetails
            {
                InputTokenCount = usage.PromptTokens,
                OutputTokenCount = usage.CompletionTokens,
                TotalTokenCount = usage.TotalTokens ?? usage.PromptTokens + usage.CompletionTokens,
                CachedInputTokenCount = usage.PromptTokensDetails?.CachedTokens,
                ReasoningTokenCount = usage.CompletionTokensDetails?.ReasoningTokens,
            };
}
