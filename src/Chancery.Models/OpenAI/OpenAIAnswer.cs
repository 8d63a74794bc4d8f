using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Reads an answer of <c>chat/completions</c>. A stream is complete with a finish reason, with or without <c>[DONE]</c>.</summary>
internal sealed class OpenAIAnswer(string model) : AnswerReader(model)
{
    private readonly ToolCalls _calls = new();
    private string? _id;
    private string? _model;
    private long? _created;

    public override ChatResponseUpdate? Read(ReadOnlySpan<byte> data)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            IsOver = true;
            return null;
        }

        var chunk =
            JsonSerializer.Deserialize(data, OpenAIWire.Default.ChatAnswer)
            ?? throw new JsonException("An event of the stream was null.");
        Take(chunk);
        if (First(chunk.Choices) is not { } choice)
            return null;

        var contents = new List<AIContent>(1);
        if (choice.Delta is { } delta)
        {
            AddText(contents, delta);
            foreach (var call in delta.ToolCalls ?? [])
                contents.Add(_calls.Add(call.Index, call.Id, call.Function?.Name, call.Function?.Arguments));
        }

        var reason = Reason(choice);
        if (reason is not null)
            contents.AddRange(_calls.EndAll());

        var update = Update(contents);
        update.FinishReason = reason;
        update.AdditionalProperties = Properties(choice, choice.Delta);
        return update;
    }

    public override async ValueTask<ChatResponse> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var answer =
            await JsonSerializer.DeserializeAsync(body, OpenAIWire.Default.ChatAnswer, cancellationToken)
            ?? throw Broken();
        Take(answer);
        if (First(answer.Choices) is not { Message: { } message } choice || Reason(choice) is not { } reason)
            throw Broken();

        var contents = new List<AIContent>(1);
        AddText(contents, message);
        foreach (var call in message.ToolCalls ?? [])
            contents.Add(
                ToolCalls.Whole(
                    call.Id,
                    call.Function?.Name ?? throw new JsonException("A tool call names no tool."),
                    call.Function.Arguments
                )
            );

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents) { MessageId = _id })
        {
            ResponseId = _id,
            ModelId = _model ?? Model,
            CreatedAt = When(),
            FinishReason = reason,
            Usage = Usage,
            AdditionalProperties = Properties(choice, message),
        };
    }

    public override ChatResponseUpdate Update(IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents)
        {
            ResponseId = _id,
            MessageId = _id,
            ModelId = _model ?? Model,
            CreatedAt = When(),
        };

    private void Take(ChatAnswer answer)
    {
        _id = answer.Id ?? _id;
        _model = answer.Model ?? _model;
        _created = answer.Created ?? _created;
        Usage = (answer.Usage ?? answer.XGroq?.Usage)?.Details() ?? Usage;
        var error = answer.Error ?? First(answer.Choices)?.Error;
        if (error is { ValueKind: JsonValueKind.Object or JsonValueKind.String } told)
            throw Reported(told);
    }

    /// <summary>Of several answers only the first is read, in whatever order their pieces come.</summary>
    private static Choice? First(IReadOnlyList<Choice>? choices)
    {
        foreach (var choice in choices ?? [])
        {
            if (choice.Index is null or 0)
                return choice;
        }

        return null;
    }

    private ChatFinishReason? Reason(Choice choice)
    {
        if (string.IsNullOrEmpty(choice.FinishReason))
            return null;
        // What OpenRouter says of an upstream that broke off.
        if (choice.FinishReason is "error")
            throw Broken();
        IsComplete = true;
        return new ChatFinishReason(choice.FinishReason);
    }

    private static void AddText(List<AIContent> contents, WireText text)
    {
        var reasoning = text.ReasoningContent ?? text.Reasoning ?? text.Content?.Reasoning;
        if (!string.IsNullOrEmpty(reasoning))
            contents.Add(new TextReasoningContent(reasoning));
        var words = text.Content?.Text;
        if ((string.IsNullOrEmpty(words) ? text.Refusal : words) is { Length: > 0 } said)
            contents.Add(new TextContent(said));
    }

    private static AdditionalPropertiesDictionary? Properties(Choice choice, WireText? text)
    {
        AdditionalPropertiesDictionary? properties = null;
        if (choice.Logprobs is { ValueKind: JsonValueKind.Object } probabilities)
            (properties ??= [])[AnswerProperties.LogProbabilities] = probabilities;
        if (!string.IsNullOrEmpty(text?.Refusal))
            (properties ??= [])[AnswerProperties.Refusal] = true;
        return properties;
    }

    private DateTimeOffset? When() =>
        _created is > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(_created.Value) : null;
}
