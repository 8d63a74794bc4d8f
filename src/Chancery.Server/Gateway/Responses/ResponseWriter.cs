using System.Buffers;
using System.Text.Json;
using Chancery.Server.Gateway.Translation;

namespace Chancery.Server.Gateway.Responses;

/// <summary>Writes an answer as OpenAI's Responses API does: whole, or its stream's events. One for each answer; not safe for concurrent use.</summary>
internal sealed class ResponseWriter(ResponsesRequest request, string model, TimeProvider time)
{
    private const string InProgress = "in_progress";
    private const string Completed = "completed";
    private const string Incomplete = "incomplete";

    private readonly string _id = $"resp_{Guid.CreateVersion7():n}";
    private readonly string _items = $"{Guid.CreateVersion7():n}";
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private int _sequence;

    /// <summary>Takes an event of a stream, whose bytes are good until the next.</summary>
    public delegate Task Send(string name, ReadOnlySpan<byte> data);

    public ReadOnlyMemory<byte> Whole(IReadOnlyList<AnswerBlock> blocks, AnswerPart.Ended end)
    {
        _buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_buffer))
        {
            WriteResponse(json, blocks, end);
        }

        return _buffer.WrittenMemory;
    }

    public async Task StartAsync(Send send)
    {
        await EventAsync("response.created", WriteEmpty, send);
        await EventAsync("response.in_progress", WriteEmpty, send);

        void WriteEmpty(Utf8JsonWriter json)
        {
            json.WritePropertyName("response");
            WriteResponse(json, [], end: null);
        }
    }

    public async Task BeginAsync(AnswerBlock block, Send send)
    {
        await ItemEventAsync(
            "response.output_item.added",
            block,
            json =>
            {
                json.WritePropertyName("item");
                WriteItem(json, block, InProgress);
            },
            send
        );
        if (PartKinds(block) is { } kinds)
        {
            await PartEventAsync($"{kinds.Part}.added", block, json => WritePart(json, block, isWhole: false), send);
        }
    }

    public Task AddAsync(AnswerBlock block, AnswerPart part, Send send) =>
        part switch
        {
            AnswerPart.Text text => PartEventAsync(
                "response.output_text.delta",
                block,
                json =>
                {
                    json.WriteString("delta", text.Delta);
                    json.WriteStartArray("logprobs");
                    json.WriteEndArray();
                },
                send
            ),
            AnswerPart.Cited cited => PartEventAsync(
                "response.output_text.annotation.added",
                block,
                json =>
                {
                    json.WriteNumber("annotation_index", block.Annotations.Count - 1);
                    json.WritePropertyName("annotation");
                    AnnotationJson.Write(json, cited.Annotation);
                },
                send
            ),
            AnswerPart.Thought { Delta.Length: > 0 } thought => PartEventAsync(
                "response.reasoning_summary_text.delta",
                block,
                json => json.WriteString("delta", thought.Delta),
                send
            ),
            AnswerPart.Call { Arguments.Length: > 0 } call => ItemEventAsync(
                "response.function_call_arguments.delta",
                block,
                json => json.WriteString("delta", call.Arguments),
                send
            ),
            _ => Task.CompletedTask,
        };

    public async Task EndAsync(AnswerBlock block, Send send)
    {
        if (PartKinds(block) is { } kinds)
        {
            await PartEventAsync(
                $"{kinds.Text}.done",
                block,
                json =>
                {
                    json.WriteString("text", block.Text.ToString());
                    if (block.Kind is BlockKind.Text)
                    {
                        json.WriteStartArray("logprobs");
                        json.WriteEndArray();
                    }
                },
                send
            );
            await PartEventAsync($"{kinds.Part}.done", block, json => WritePart(json, block, isWhole: true), send);
        }
        else if (block.Kind is BlockKind.Call)
        {
            await ItemEventAsync(
                "response.function_call_arguments.done",
                block,
                json =>
                {
                    json.WriteString("name", block.Name);
                    json.WriteString("arguments", ArgumentsOf(block));
                },
                send
            );
        }

        await ItemEventAsync(
            "response.output_item.done",
            block,
            json =>
            {
                json.WritePropertyName("item");
                WriteItem(json, block, Completed);
            },
            send
        );
    }

    public Task FinishAsync(IReadOnlyList<AnswerBlock> blocks, AnswerPart.Ended end, Send send) =>
        EventAsync(
            $"response.{StatusOf(end)}",
            json =>
            {
                json.WritePropertyName("response");
                WriteResponse(json, blocks, end);
            },
            send
        );

    /// <summary>The last event of an answer that broke off.</summary>
    public Task FailAsync(OpenAIError error, string requestId, Send send) =>
        EventAsync(
            "error",
            json =>
            {
                json.WriteString("code", error.Code);
                json.WriteString("message", error.Message);
                json.WriteString("param", error.Parameter);
                // The clients of other routes look for it here.
                json.WriteStartObject("error");
                json.WriteString("type", error.Type);
                json.WriteString("code", error.Code);
                json.WriteString("message", error.Message);
                json.WriteString("param", error.Parameter);
                json.WriteString("request_id", requestId);
                json.WriteEndObject();
            },
            send
        );

    private Task ItemEventAsync(string name, AnswerBlock block, Action<Utf8JsonWriter> write, Send send) =>
        EventAsync(
            name,
            json =>
            {
                if (!name.StartsWith("response.output_item", StringComparison.Ordinal))
                {
                    json.WriteString("item_id", IdOf(block));
                }

                json.WriteNumber("output_index", block.Place);
                write(json);
            },
            send
        );

    private Task PartEventAsync(string name, AnswerBlock block, Action<Utf8JsonWriter> write, Send send) =>
        ItemEventAsync(
            name,
            block,
            json =>
            {
                json.WriteNumber(block.Kind is BlockKind.Text ? "content_index" : "summary_index", 0);
                write(json);
            },
            send
        );

    private Task EventAsync(string name, Action<Utf8JsonWriter> write, Send send)
    {
        _buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", name);
            json.WriteNumber("sequence_number", _sequence++);
            write(json);
            json.WriteEndObject();
        }

        return send(name, _buffer.WrittenSpan);
    }

    /// <param name="end">Null while it is not over.</param>
    private void WriteResponse(Utf8JsonWriter json, IReadOnlyList<AnswerBlock> blocks, AnswerPart.Ended? end)
    {
        json.WriteStartObject();
        json.WriteString("id", _id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", _created);
        json.WriteString("status", end is null ? InProgress : StatusOf(end));
        json.WriteNull("error");
        if (end is not null && StatusOf(end) == Incomplete)
        {
            json.WriteStartObject("incomplete_details");
            json.WriteString("reason", end.Why is AnswerEnd.LimitReached ? "max_output_tokens" : "content_filter");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("incomplete_details");
        }

        json.WriteString("model", model);
        json.WriteStartArray("output");
        foreach (var block in blocks)
        {
            // Where the limit cut the answer, it is the last item that is not whole.
            var isCut = block == blocks[^1] && end is not null && StatusOf(end) == Incomplete;
            WriteItem(json, block, isCut ? Incomplete : Completed);
        }

        json.WriteEndArray();
        request.WriteEcho(json);
        json.WritePropertyName("usage");
        if (end is null)
        {
            json.WriteNullValue();
        }
        else
        {
            WriteUsage(json, end);
        }

        json.WriteNull("user");
        json.WriteEndObject();
    }

    private void WriteItem(Utf8JsonWriter json, AnswerBlock block, string status)
    {
        var isWhole = status != InProgress;
        json.WriteStartObject();
        json.WriteString("id", IdOf(block));
        switch (block.Kind)
        {
            case BlockKind.Text:
                json.WriteString("type", "message");
                json.WriteString("status", status);
                json.WriteString("role", "assistant");
                json.WriteStartArray("content");
                if (isWhole)
                {
                    WritePartValue(json, block, isWhole);
                }

                json.WriteEndArray();
                break;
            case BlockKind.Call:
                json.WriteString("type", "function_call");
                json.WriteString("status", status);
                json.WriteString("call_id", block.Id);
                json.WriteString("name", block.Name);
                json.WriteString("arguments", isWhole ? ArgumentsOf(block) : "");
                break;
            default:
                json.WriteString("type", "reasoning");
                json.WriteStartArray("summary");
                if (isWhole && block.Kind is BlockKind.Thought)
                {
                    WritePartValue(json, block, isWhole);
                }

                json.WriteEndArray();
                if (isWhole && block.Signature is not null)
                {
                    json.WriteString("encrypted_content", block.Signature);
                }

                break;
        }

        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, AnswerBlock block, bool isWhole)
    {
        json.WritePropertyName("part");
        WritePartValue(json, block, isWhole);
    }

    private static void WritePartValue(Utf8JsonWriter json, AnswerBlock block, bool isWhole)
    {
        json.WriteStartObject();
        json.WriteString("type", block.Kind is BlockKind.Text ? "output_text" : "summary_text");
        json.WriteString("text", isWhole ? block.Text.ToString() : "");
        if (block.Kind is BlockKind.Text)
        {
            json.WriteStartArray("annotations");
            foreach (var annotation in isWhole ? block.Annotations : [])
            {
                AnnotationJson.Write(json, annotation);
            }

            json.WriteEndArray();
            json.WriteStartArray("logprobs");
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, AnswerPart.Ended end)
    {
        var tokens = end.Tokens;
        json.WriteStartObject();
        json.WriteNumber("input_tokens", tokens.TotalInput);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", tokens.CacheRead);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", tokens.Output);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", tokens.Reasoning);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", tokens.TotalInput + tokens.Output);
        if (end.Estimated)
        {
            json.WriteBoolean("estimated", true);
        }

        json.WriteEndObject();
    }

    private static (string Part, string Text)? PartKinds(AnswerBlock block) =>
        block.Kind switch
        {
            BlockKind.Text => ("response.content_part", "response.output_text"),
            BlockKind.Thought => ("response.reasoning_summary_part", "response.reasoning_summary_text"),
            _ => null,
        };

    private string IdOf(AnswerBlock block) =>
        block.Kind switch
        {
            BlockKind.Text => $"msg_{_items}{block.Place:x4}",
            BlockKind.Call => $"fc_{_items}{block.Place:x4}",
            _ => $"rs_{_items}{block.Place:x4}",
        };

    /// <summary>A call without arguments is one of an empty object.</summary>
    private static string ArgumentsOf(AnswerBlock block) => block.Text.Length > 0 ? block.Text.ToString() : "{}";

    private static string StatusOf(AnswerPart.Ended end) =>
        end.Why is AnswerEnd.LimitReached or AnswerEnd.Filtered ? Incomplete : Completed;
}
