using System.Buffers;
using System.Text.Json;
using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Gateway.Messages;

/// <summary>Writes an answer as a message of Anthropic's: whole, or its stream's events. One for each answer; not safe for concurrent use.</summary>
internal sealed class MessageWriter(string model)
{
    private readonly string _id = $"msg_{Guid.CreateVersion7():n}";
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>An event of a stream, until the next is written.</summary>
    public delegate Task Send(string name, ReadOnlySpan<byte> data);

    public ReadOnlyMemory<byte> Whole(IReadOnlyList<AnswerBlock> blocks, AnswerPart.Ended end)
    {
        Write(json =>
        {
            WriteHead(json);
            json.WriteStartArray("content");
            foreach (var block in blocks)
            {
                WriteBlock(json, block);
            }

            json.WriteEndArray();
            json.WriteString("stop_reason", ReasonOf(end.Why));
            json.WriteNull("stop_sequence");
            json.WritePropertyName("usage");
            WriteUsage(json, end.Tokens, end.Estimated);
        });
        return _buffer.WrittenMemory;
    }

    /// <param name="sofar">What the input is known to be, or thought to be.</param>
    public Task StartAsync(TokenCounts sofar, bool estimated, Send send) =>
        EventAsync(
            "message_start",
            json =>
            {
                json.WriteStartObject("message");
                WriteHead(json);
                json.WriteStartArray("content");
                json.WriteEndArray();
                json.WriteNull("stop_reason");
                json.WriteNull("stop_sequence");
                json.WritePropertyName("usage");
                WriteUsage(json, sofar, estimated);
                json.WriteEndObject();
            },
            send
        );

    public async Task BeginAsync(AnswerBlock block, Send send)
    {
        await EventAsync(
            "content_block_start",
            json =>
            {
                json.WriteNumber("index", block.Place);
                json.WritePropertyName("content_block");
                WriteEmpty(json, block);
            },
            send
        );
        if (block.Place == 0)
        {
            await EventAsync("ping", static _ => { }, send);
        }
    }

    public async Task AddAsync(AnswerBlock block, AnswerPart part, Send send)
    {
        switch (part)
        {
            case AnswerPart.Text text:
                await DeltaAsync(block, "text_delta", json => json.WriteString("text", text.Delta), send);
                break;
            case AnswerPart.Cited cited:
                await DeltaAsync(
                    block,
                    "citations_delta",
                    json =>
                    {
                        json.WritePropertyName("citation");
                        WriteCitation(json, cited.Annotation);
                    },
                    send
                );
                break;
            case AnswerPart.Thought thought:
                if (thought.Delta.Length > 0)
                {
                    await DeltaAsync(
                        block,
                        "thinking_delta",
                        json => json.WriteString("thinking", thought.Delta),
                        send
                    );
                }

                if (thought.Signature is not null)
                {
                    await DeltaAsync(
                        block,
                        "signature_delta",
                        json => json.WriteString("signature", thought.Signature),
                        send
                    );
                }

                break;
            case AnswerPart.Call { Arguments.Length: > 0 } call:
                await DeltaAsync(
                    block,
                    "input_json_delta",
                    json => json.WriteString("partial_json", call.Arguments),
                    send
                );
                break;
        }
    }

    public Task EndAsync(AnswerBlock block, Send send) =>
        EventAsync("content_block_stop", json => json.WriteNumber("index", block.Place), send);

    public async Task FinishAsync(AnswerPart.Ended end, Send send)
    {
        await EventAsync(
            "message_delta",
            json =>
            {
                json.WriteStartObject("delta");
                json.WriteString("stop_reason", ReasonOf(end.Why));
                json.WriteNull("stop_sequence");
                json.WriteEndObject();
                json.WritePropertyName("usage");
                WriteUsage(json, end.Tokens, end.Estimated);
            },
            send
        );
        await EventAsync("message_stop", static _ => { }, send);
    }

    private Task DeltaAsync(AnswerBlock block, string kind, Action<Utf8JsonWriter> write, Send send) =>
        EventAsync(
            "content_block_delta",
            json =>
            {
                json.WriteNumber("index", block.Place);
                json.WriteStartObject("delta");
                json.WriteString("type", kind);
                write(json);
                json.WriteEndObject();
            },
            send
        );

    private Task EventAsync(string name, Action<Utf8JsonWriter> write, Send send)
    {
        Write(json =>
        {
            json.WriteString("type", name);
            write(json);
        });
        return send(name, _buffer.WrittenSpan);
    }

    private void Write(Action<Utf8JsonWriter> write)
    {
        _buffer.ResetWrittenCount();
        using var json = new Utf8JsonWriter(_buffer);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id", _id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model);
    }

    private static void WriteEmpty(Utf8JsonWriter json, AnswerBlock block)
    {
        json.WriteStartObject();
        switch (block.Kind)
        {
            case BlockKind.Text:
                json.WriteString("type", "text");
                json.WriteString("text", "");
                break;
            case BlockKind.Thought:
                json.WriteString("type", "thinking");
                json.WriteString("thinking", "");
                json.WriteString("signature", "");
                break;
            case BlockKind.SealedThought:
                json.WriteString("type", "redacted_thinking");
                json.WriteString("data", block.Signature);
                break;
            case BlockKind.Call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", block.Id);
                json.WriteString("name", block.Name);
                json.WriteStartObject("input");
                json.WriteEndObject();
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteBlock(Utf8JsonWriter json, AnswerBlock block)
    {
        json.WriteStartObject();
        switch (block.Kind)
        {
            case BlockKind.Text:
                json.WriteString("type", "text");
                json.WriteString("text", block.Text.ToString());
                if (block.Annotations.Count > 0)
                {
                    json.WriteStartArray("citations");
                    foreach (var annotation in block.Annotations)
                    {
                        WriteCitation(json, annotation);
                    }

                    json.WriteEndArray();
                }

                break;
            case BlockKind.Thought:
                json.WriteString("type", "thinking");
                json.WriteString("thinking", block.Text.ToString());
                json.WriteString("signature", block.Signature ?? "");
                break;
            case BlockKind.SealedThought:
                json.WriteString("type", "redacted_thinking");
                json.WriteString("data", block.Signature);
                break;
            case BlockKind.Call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", block.Id);
                json.WriteString("name", block.Name);
                json.WritePropertyName("input");
                WriteInput(json, block.Text.ToString());
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>The protocol takes only an object: arguments that the model wrote badly are told as none.</summary>
    private static void WriteInput(Utf8JsonWriter json, string arguments)
    {
        try
        {
            if (JsonElement.Parse(arguments) is { ValueKind: JsonValueKind.Object } input)
            {
                input.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // As below.
        }

        json.WriteStartObject();
        json.WriteEndObject();
    }

    private static void WriteCitation(Utf8JsonWriter json, Annotation annotation)
    {
        var citation = annotation.Citation;
        json.WriteStartObject();
        json.WriteString("type", "page_location");
        json.WriteString("cited_text", citation.Quote);
        // In the order of their markers, which is the order in which they are quoted.
        json.WriteNumber("document_index", citation.Number - 1);
        json.WriteString("document_title", citation.Title);
        json.WriteNumber("start_page_number", citation.Page);
        json.WriteNumber("end_page_number", citation.Page + 1);
        json.WriteNull("file_id");
        json.WriteStartObject("chancery");
        json.WriteNumber("number", citation.Number);
        json.WriteString("document_id", citation.DocumentId);
        json.WriteNumber("version", citation.Version);
        json.WriteNumber("page", citation.Page);
        json.WriteString("url", annotation.Url);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, TokenCounts tokens, bool estimated)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens", tokens.Input);
        json.WriteNumber("cache_creation_input_tokens", tokens.CacheWrite + tokens.CacheWriteHour);
        json.WriteNumber("cache_read_input_tokens", tokens.CacheRead);
        json.WriteStartObject("cache_creation");
        json.WriteNumber("ephemeral_5m_input_tokens", tokens.CacheWrite);
        json.WriteNumber("ephemeral_1h_input_tokens", tokens.CacheWriteHour);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", tokens.Output);
        if (estimated)
        {
            json.WriteBoolean("estimated", true);
        }

        json.WriteEndObject();
    }

    private static string ReasonOf(AnswerEnd why) =>
        why switch
        {
            AnswerEnd.LimitReached => "max_tokens",
            AnswerEnd.ToolsCalled => "tool_use",
            AnswerEnd.Filtered => "refusal",
            _ => "end_turn",
        };
}
