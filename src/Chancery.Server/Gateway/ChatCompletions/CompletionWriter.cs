using System.Buffers;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Answers.Chat;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>Writes the answer of a model of another protocol as OpenAI's: one object, or the events of a stream. One for each answer.</summary>
internal sealed class CompletionWriter(string model, TimeProvider time)
{
    private readonly string _id = $"chatcmpl-{Guid.CreateVersion7():n}";
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();
    private bool _begun;
    private bool _called;

    /// <summary>An answer that is not streamed.</summary>
    public static RelayPart Whole(ChatResponse response, TimeProvider time)
    {
        var writer = new CompletionWriter(response.ModelId ?? "", time);
        var contents = response.Messages.SelectMany(message => message.Contents).ToList();
        var reason = ReasonOf(
            response.FinishReason ?? ChatFinishReason.Stop,
            contents.OfType<FunctionCallContent>().Any()
        );
        return writer.Part(
            "chat.completion",
            json =>
            {
                json.WriteStartArray("choices");
                json.WriteStartObject();
                json.WriteNumber("index", 0);
                json.WriteStartObject("message");
                json.WriteString("role", "assistant");
                var text = string.Concat(contents.OfType<TextContent>().Select(part => part.Text));
                if (text.Length > 0 || !contents.OfType<FunctionCallContent>().Any())
                {
                    json.WriteString("content", text);
                }
                else
                {
                    json.WriteNull("content");
                }

                WriteReasoning(json, contents);
                WriteCalls(json, [.. contents.OfType<FunctionCallContent>()]);
                json.WriteEndObject();
                json.WriteString("finish_reason", reason);
                json.WriteEndObject();
                json.WriteEndArray();
                WriteUsage(json, response.Usage);
            },
            new RelayPart(ReadOnlyMemory<byte>.Empty)
            {
                IsContent = true,
                FinishReason = reason,
                Usage = response.Usage,
                Model = response.ModelId,
                Id = response.ResponseId,
            }
        );
    }

    /// <summary>What one update of a stream becomes; usage is an event of its own, the last.</summary>
    public IEnumerable<RelayPart> Parts(ChatResponseUpdate update)
    {
        if (!_begun)
        {
            _begun = true;
            yield return Delta(
                json => json.WriteString("role", "assistant"),
                new RelayPart(ReadOnlyMemory<byte>.Empty) { Model = update.ModelId }
            );
        }

        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case TextReasoningContent { Text.Length: > 0 } thought:
                    yield return Delta(
                        json => json.WriteString("reasoning_content", thought.Text),
                        Content(thought.Text.Length)
                    );
                    break;
                case TextContent { Text.Length: > 0 } text:
                    yield return Delta(json => json.WriteString("content", text.Text), Content(text.Text.Length));
                    break;
                case ToolCallDelta call:
                    _called = true;
                    yield return Delta(json => WriteCall(json, call), Content(call.ArgumentsPiece.Length + 1));
                    break;
            }
        }

        if (update.FinishReason is { } reason)
        {
            var told = ReasonOf(reason, _called);
            yield return Part(
                "chat.completion.chunk",
                json => WriteChoice(json, static _ => { }, told),
                new RelayPart(ReadOnlyMemory<byte>.Empty) { FinishReason = told, Model = update.ModelId }
            );
        }

        if (update.Contents.OfType<UsageContent>().LastOrDefault() is { } usage)
        {
            yield return Part(
                "chat.completion.chunk",
                json =>
                {
                    json.WriteStartArray("choices");
                    json.WriteEndArray();
                    WriteUsage(json, usage.Details);
                },
                new RelayPart(ReadOnlyMemory<byte>.Empty) { Usage = usage.Details, IsUsageOnly = true }
            );
        }
    }

    /// <summary>The first event of a stream.</summary>
    public ReadOnlyMemory<byte> Role() =>
        Delta(json => json.WriteString("role", "assistant"), new RelayPart(ReadOnlyMemory<byte>.Empty)).Json;

    public ReadOnlyMemory<byte> Text(string delta) =>
        Delta(json => json.WriteString("content", delta), new RelayPart(ReadOnlyMemory<byte>.Empty)).Json;

    /// <summary>As several providers tell it; who does not know the member leaves it alone.</summary>
    public ReadOnlyMemory<byte> Thought(string delta) =>
        Delta(json => json.WriteString("reasoning_content", delta), new RelayPart(ReadOnlyMemory<byte>.Empty)).Json;

    /// <summary>The last event of a stream that holds a choice.</summary>
    public ReadOnlyMemory<byte> Finish(IReadOnlyList<Annotation> annotations, string reason) =>
        Part(
            "chat.completion.chunk",
            json => WriteChoice(json, delta => WriteAnnotations(delta, annotations), reason),
            new RelayPart(ReadOnlyMemory<byte>.Empty)
        ).Json;

    public ReadOnlyMemory<byte> Usage(TokenUsage usage) =>
        Part(
            "chat.completion.chunk",
            json =>
            {
                json.WriteStartArray("choices");
                json.WriteEndArray();
                WriteUsage(json, DetailsOf(usage));
            },
            new RelayPart(ReadOnlyMemory<byte>.Empty)
        ).Json;

    /// <summary>An answer from documents, in one object.</summary>
    public ReadOnlyMemory<byte> Whole(ChatAnswer answer, IReadOnlyList<Annotation> annotations) =>
        Part(
            "chat.completion",
            json =>
            {
                json.WriteStartArray("choices");
                json.WriteStartObject();
                json.WriteNumber("index", 0);
                json.WriteStartObject("message");
                json.WriteString("role", "assistant");
                json.WriteString("content", answer.Answer);
                if (answer.ReasoningSteps is { } steps)
                {
                    json.WriteString("reasoning_content", string.Concat(steps.Select(step => step.ToText())));
                }

                WriteAnnotations(json, annotations);
                json.WriteEndObject();
                json.WriteString("finish_reason", answer.Truncated is true ? "length" : "stop");
                json.WriteEndObject();
                json.WriteEndArray();
                WriteUsage(json, DetailsOf(answer.Usage));
            },
            new RelayPart(ReadOnlyMemory<byte>.Empty)
        ).Json;

    private static UsageDetails DetailsOf(TokenUsage usage) =>
        new()
        {
            InputTokenCount = usage.InputTokens,
            OutputTokenCount = usage.OutputTokens,
            ReasoningTokenCount = usage.ReasoningTokens,
        };

    private static void WriteAnnotations(Utf8JsonWriter json, IReadOnlyList<Annotation> annotations)
    {
        json.WriteStartArray("annotations");
        foreach (var annotation in annotations)
        {
            var citation = annotation.Citation;
            json.WriteStartObject();
            json.WriteString("type", "url_citation");
            json.WriteStartObject("url_citation");
            json.WriteString("url", annotation.Url);
            json.WriteString("title", citation.Title);
            json.WriteNumber("start_index", annotation.Start);
            json.WriteNumber("end_index", annotation.End);
            json.WriteEndObject();
            json.WriteStartObject("chancery");
            json.WriteNumber("number", citation.Number);
            json.WriteString("document_id", citation.DocumentId);
            json.WriteNumber("version", citation.Version);
            json.WriteNumber("page", citation.Page);
            json.WriteString("quote", citation.Quote);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static RelayPart Content(int length) =>
        new(ReadOnlyMemory<byte>.Empty) { IsContent = true, ContentBytes = length };

    private RelayPart Delta(Action<Utf8JsonWriter> write, RelayPart facts) =>
        Part("chat.completion.chunk", json => WriteChoice(json, write, null), facts);

    private RelayPart Part(string kind, Action<Utf8JsonWriter> write, RelayPart facts)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", _id);
            json.WriteString("object", kind);
            json.WriteNumber("created", _created);
            json.WriteString("model", facts.Model ?? model);
            write(json);
            json.WriteEndObject();
        }

        return facts with
        {
            Json = buffer.WrittenMemory,
        };
    }

    private static void WriteChoice(Utf8JsonWriter json, Action<Utf8JsonWriter> write, string? reason)
    {
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("delta");
        write(json);
        json.WriteEndObject();
        json.WriteString("finish_reason", reason);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteReasoning(Utf8JsonWriter json, List<AIContent> contents)
    {
        var thoughts = string.Concat(contents.OfType<TextReasoningContent>().Select(part => part.Text));
        if (thoughts.Length > 0)
        {
            json.WriteString("reasoning_content", thoughts);
        }
    }

    private static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<FunctionCallContent> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id", call.CallId);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString(
                "arguments",
                JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>())
            );
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCall(Utf8JsonWriter json, ToolCallDelta call)
    {
        json.WriteStartArray("tool_calls");
        json.WriteStartObject();
        json.WriteNumber("index", call.Index);
        if (call.Name is not null)
        {
            json.WriteString("id", call.CallId);
            json.WriteString("type", "function");
        }

        json.WriteStartObject("function");
        if (call.Name is not null)
        {
            json.WriteString("name", call.Name);
        }

        json.WriteString("arguments", call.ArgumentsPiece);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteUsage(Utf8JsonWriter json, UsageDetails? usage)
    {
        if (usage is null)
        {
            return;
        }

        var (input, output) = (usage.InputTokenCount ?? 0, usage.OutputTokenCount ?? 0);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", input);
        json.WriteNumber("completion_tokens", output);
        json.WriteNumber("total_tokens", input + output);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.CachedInputTokenCount ?? 0);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.ReasoningTokenCount ?? 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string ReasonOf(ChatFinishReason reason, bool called) =>
        called && reason == ChatFinishReason.Stop ? ChatFinishReason.ToolCalls.Value : reason.Value;
}
