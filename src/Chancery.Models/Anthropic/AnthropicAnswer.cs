using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Reads an answer of <c>messages</c>. A stream is complete with <c>message_stop</c> after a reason to stop; input is counted at
/// its start, output at its end.
/// </summary>
internal sealed class AnthropicAnswer(string model) : AnswerReader(model)
{
    private readonly ToolCalls _calls = new();
    private string? _id;
    private string? _model;
    private AnthropicUsage? _usage;
    private bool _hasReason;

    public override ChatResponseUpdate? Read(ReadOnlySpan<byte> data)
    {
        var read =
            JsonSerializer.Deserialize(data, AnthropicWire.Default.AnthropicEvent)
            ?? throw new JsonException("An event of the stream was null.");
        switch (read.Type)
        {
            case "message_start":
                Begin(read.Message ?? throw new JsonException("A message starts without being one."));
                return Update([]);
            case "content_block_start":
                return Start(read);
            case "content_block_delta":
                return Continue(read);
            case "content_block_stop":
                return _calls.End(read.Index ?? 0) is { } call ? Update([call]) : null;
            case "message_delta":
                return Finish(read);
            case "message_stop":
                IsComplete = _hasReason;
                IsOver = true;
                return null;
            case "error":
                throw Reported(read.Error ?? default);
            default:
                // Such as ping. New kinds of events are to be expected, and left alone.
                return null;
        }
    }

    public override async ValueTask<ChatResponse> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var answer =
            await JsonSerializer.DeserializeAsync(body, AnthropicWire.Default.AnthropicEvent, cancellationToken)
            ?? throw Broken();
        if (answer.Error is { ValueKind: JsonValueKind.Object or JsonValueKind.String } error)
            throw Reported(error);
        Take(answer);
        if (answer.Content is null || Reason(answer.StopReason) is not { } reason)
            throw Broken();

        var contents = new List<AIContent>(answer.Content.Count);
        foreach (var block in answer.Content)
        {
            if (Whole(block) is { } content)
                contents.Add(content);
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents) { MessageId = _id })
        {
            ResponseId = _id,
            ModelId = _model ?? Model,
            FinishReason = reason,
            Usage = Usage,
            AdditionalProperties = Properties(answer.StopReason),
        };
    }

    public override ChatResponseUpdate Update(IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents)
        {
            ResponseId = _id,
            MessageId = _id,
            ModelId = _model ?? Model,
        };

    private void Take(AnthropicEvent message)
    {
        _id = message.Id ?? _id;
        _model = message.Model ?? _model;
        Take(message.Usage);
    }

    /// <summary>The output is told here too, as a token or two, before there is any: that is not yet known.</summary>
    private void Begin(AnthropicEvent message) =>
        Take(message with { Usage = message.Usage is { } usage ? usage with { OutputTokens = null } : null });

    private void Take(AnthropicUsage? usage)
    {
        if (usage is null)
            return;
        _usage = usage.Over(_usage);
        Usage = _usage.Details();
    }

    private ChatResponseUpdate? Start(AnthropicEvent read)
    {
        var block = read.ContentBlock;
        if (block?.Type is not "tool_use")
            return block is not null && Whole(block) is { } content ? Update([content]) : null;

        // The input is an empty object here, and comes in pieces; some who imitate the protocol send it whole.
        var input =
            block.Input is { ValueKind: JsonValueKind.Object } json && json.EnumerateObject().Any()
                ? json.GetRawText()
                : null;
        return Update([_calls.Add(read.Index ?? 0, block.Id, block.Name, input)]);
    }

    private ChatResponseUpdate? Continue(AnthropicEvent read) =>
        read.Delta switch
        {
            { Text: { Length: > 0 } text } => Update([new TextContent(text)]),
            { Thinking: { Length: > 0 } thought } => Update([new TextReasoningContent(thought)]),
            { Signature: { Length: > 0 } signature } => Update([Signed("", signature)]),
            { PartialJson: { } json } => Update([_calls.Add(read.Index ?? 0, null, null, json)]),
            _ => null,
        };

    private ChatResponseUpdate Finish(AnthropicEvent read)
    {
        Take(read.Usage);
        var update = Update([.. _calls.EndAll()]);
        if (Reason(read.Delta?.StopReason) is { } reason)
        {
            _hasReason = true;
            update.FinishReason = reason;
            update.AdditionalProperties = Properties(read.Delta?.StopReason);
        }

        return update;
    }

    private static AIContent? Whole(AnthropicBlock block) =>
        block switch
        {
            { Type: "text", Text: { Length: > 0 } text } => new TextContent(text),
            { Type: "thinking", Signature: { Length: > 0 } signature } => Signed(block.Thinking ?? "", signature),
            { Type: "thinking", Thinking: { Length: > 0 } thought } => new TextReasoningContent(thought),
            { Type: "redacted_thinking", Data: { } data } => new TextReasoningContent("") { ProtectedData = data },
            { Type: "tool_use", Name: { } name } => ToolCalls.Whole(block.Id, name, block.Input?.GetRawText()),
            _ => null,
        };

    private static TextReasoningContent Signed(string thought, string signature) =>
        new(thought)
        {
            ProtectedData = signature,
            AdditionalProperties = new() { [AnswerProperties.Signature] = signature },
        };

    private static ChatFinishReason? Reason(string? reason) =>
        reason switch
        {
            null or "" => null,
            "end_turn" or "stop_sequence" or "pause_turn" => ChatFinishReason.Stop,
            "max_tokens" or "model_context_window_exceeded" => ChatFinishReason.Length,
            "tool_use" => ChatFinishReason.ToolCalls,
            "refusal" => ChatFinishReason.ContentFilter,
            _ => new ChatFinishReason(reason),
        };

    private static AdditionalPropertiesDictionary? Properties(string? reason) =>
        reason is "refusal" ? new() { [AnswerProperties.Refusal] = true } : null;
}
