using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Reads an answer of <c>generateContent</c>. A stream has no last event: it is complete with a chunk that has a finish reason.
/// </summary>
internal sealed class GeminiAnswer(string model) : AnswerReader(model)
{
    private readonly ToolCalls _calls = new();
    private int _callCount;
    private string? _id;
    private string? _model;

    public override ChatResponseUpdate? Read(ReadOnlySpan<byte> data)
    {
        var reply =
            JsonSerializer.Deserialize(data, GeminiWire.Default.GeminiReply)
            ?? throw new JsonException("An event of the stream was null.");
        Take(reply);
        if (First(reply.Candidates) is not { } candidate)
            return null;

        var contents = new List<AIContent>(1);
        foreach (var part in candidate.Content?.Parts ?? [])
            Add(contents, part, isStreamed: true);

        var update = Update(contents);
        update.FinishReason = Reason(candidate);
        update.AdditionalProperties = Properties(candidate);
        return update;
    }

    public override async ValueTask<ChatResponse> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var reply =
            await JsonSerializer.DeserializeAsync(body, GeminiWire.Default.GeminiReply, cancellationToken)
            ?? throw Broken();
        Take(reply);
        if (First(reply.Candidates) is not { } candidate)
            throw Broken();

        var contents = new List<AIContent>(1);
        foreach (var part in candidate.Content?.Parts ?? [])
            Add(contents, part, isStreamed: false);
        if (Reason(candidate) is not { } reason)
            throw Broken();

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents) { MessageId = _id })
        {
            ResponseId = _id,
            ModelId = _model ?? Model,
            FinishReason = reason,
            Usage = Usage,
            AdditionalProperties = Properties(candidate),
        };
    }

    public override ChatResponseUpdate Update(IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents)
        {
            ResponseId = _id,
            MessageId = _id,
            ModelId = _model ?? Model,
        };

    private void Take(GeminiReply reply)
    {
        _id = reply.ResponseId ?? _id;
        _model = reply.ModelVersion ?? _model;
        Usage = reply.UsageMetadata?.Details() ?? Usage;
        if (reply.Error is { ValueKind: JsonValueKind.Object or JsonValueKind.String } error)
            throw Reported(error);
        if (reply.PromptFeedback?.BlockReason is { Length: > 0 } blocked)
            throw new ModelException(ModelFailure.Policy, null, null, Model) { Usage = Usage, ProviderCode = blocked };
    }

    private static GeminiCandidate? First(IReadOnlyList<GeminiCandidate>? candidates)
    {
        foreach (var candidate in candidates ?? [])
        {
            if (candidate.Index is null or 0)
                return candidate;
        }

        return null;
    }

    private void Add(List<AIContent> contents, GeminiPart part, bool isStreamed)
    {
        AIContent? content = part switch
        {
            { FunctionCall: { } call } => Call(contents, call, isStreamed),
            { Thought: true, Text: { Length: > 0 } thought } => new TextReasoningContent(thought),
            { Text: { } text } when text.Length > 0 || part.ThoughtSignature is not null => new TextContent(text),
            { InlineData: { } data } => Data(data),
            _ => null,
        };
        if (content is null)
            return;
        if (part.ThoughtSignature is { Length: > 0 } signature)
            (content.AdditionalProperties ??= [])[AnswerProperties.Signature] = signature;
        contents.Add(content);
    }

    private static DataContent Data(GeminiData data)
    {
        try
        {
            return new DataContent(Convert.FromBase64String(data.Data ?? ""), data.MimeType ?? "");
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new JsonException("A file in the answer is none.", exception);
        }
    }

    /// <summary>Calls come whole, also in a stream.</summary>
    private FunctionCallContent Call(List<AIContent> contents, GeminiCall call, bool isStreamed)
    {
        var name = call.Name ?? throw new JsonException("A tool call names no tool.");
        var arguments = call.Args is { ValueKind: JsonValueKind.Object } json ? json.GetRawText() : "{}";
        var index = _callCount++;
        var delta = _calls.Add(index, call.Id, name, arguments);
        if (isStreamed)
            contents.Add(delta);
        return _calls.End(index)!;
    }

    private ChatFinishReason? Reason(GeminiCandidate candidate)
    {
        ChatFinishReason? reason = candidate.FinishReason switch
        {
            null or "" or "FINISH_REASON_UNSPECIFIED" => null,
            "STOP" => _callCount > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            "MAX_TOKENS" => ChatFinishReason.Length,
            "SAFETY" or "RECITATION" or "LANGUAGE" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "IMAGE_SAFETY" =>
                ChatFinishReason.ContentFilter,
            // The model got lost, such as in a call that is none: what is there is not an answer.
            var lost => throw new ModelException(ModelFailure.Transient, null, null, Model)
            {
                Usage = Usage,
                ProviderCode = lost,
            },
        };
        IsComplete |= reason is not null;
        return reason;
    }

    private static AdditionalPropertiesDictionary? Properties(GeminiCandidate candidate) =>
        candidate.LogprobsResult is { ValueKind: JsonValueKind.Object } probabilities
            ? new() { [AnswerProperties.LogProbabilities] = probabilities }
            : null;
}
