using System.Text.Json.Nodes;

namespace Chancery.Testing.Models;

/// <summary><c>messages</c>.</summary>
internal sealed class AnthropicWire(ScriptedRequest request, ScriptedReply reply) : ScriptedWire(request, reply)
{
    private int _blocks;
    private string? _open;

    public override IEnumerable<ScriptedEvent> Open(ScriptedUsage? usage)
    {
        var started = usage is null ? null : usage with { Output = 1, Reasoning = 0 };
        yield return Event(
            "message_start",
            new JsonObject
            {
                ["message"] = new JsonObject
                {
                    ["id"] = "msg_scripted",
                    ["type"] = "message",
                    ["role"] = "assistant",
                    ["model"] = Request.Model,
                    ["content"] = new JsonArray(),
                    ["stop_reason"] = null,
                    ["usage"] = Usage(started),
                },
            },
            started
        );
        yield return Empty();
    }

    public override ScriptedEvent Empty() => Event("ping", []);

    public override IEnumerable<ScriptedEvent> Reasoning(string piece, bool isLast)
    {
        foreach (var opened in Block("thinking", new JsonObject { ["thinking"] = "", ["signature"] = "" }))
            yield return opened;
        yield return Delta(new JsonObject { ["type"] = "thinking_delta", ["thinking"] = piece });
        if (isLast && Reply.Signature is not null)
            yield return Delta(new JsonObject { ["type"] = "signature_delta", ["signature"] = Reply.Signature });
    }

    public override IEnumerable<ScriptedEvent> Text(string piece, ScriptedUsage? usage)
    {
        foreach (var opened in Block("text", new JsonObject { ["text"] = "" }))
            yield return opened;
        yield return Delta(new JsonObject { ["type"] = "text_delta", ["text"] = piece });
        if (usage is not null)
            yield return Event(
                "message_delta",
                new JsonObject { ["delta"] = new JsonObject(), ["usage"] = Usage(usage) },
                usage
            );
    }

    public override IEnumerable<ScriptedEvent> Call(int index, ScriptedToolCall call)
    {
        var block = new JsonObject
        {
            ["id"] = call.Id,
            ["name"] = call.Name,
            ["input"] = new JsonObject(),
        };
        foreach (var opened in Block("tool_use", block, isNew: true))
            yield return opened;
        yield return Delta(new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = "" });
        for (var start = 0; start < call.Arguments.Length; start += Reply.ChunkLength)
            yield return Delta(
                new JsonObject
                {
                    ["type"] = "input_json_delta",
                    ["partial_json"] = call.Arguments.Substring(
                        start,
                        Math.Min(Reply.ChunkLength, call.Arguments.Length - start)
                    ),
                }
            );
    }

    public override IEnumerable<ScriptedEvent> Close(ScriptedUsage? usage)
    {
        foreach (var closed in CloseBlock())
            yield return closed;
        if (StopReason is not null)
        {
            // The protocol always tells the output here; usage was told at the start, or not at all.
            var delta = new JsonObject
            {
                ["delta"] = new JsonObject { ["stop_reason"] = StopReason, ["stop_sequence"] = null },
            };
            if (usage is not null)
                delta["usage"] = new JsonObject { ["output_tokens"] = usage.Output };
            yield return Event("message_delta", delta, usage);
        }

        yield return Event("message_stop", []);
    }

    public override string Whole(ScriptedUsage? usage, bool withFinish)
    {
        var content = new JsonArray();
        if (Reply.Reasoning is not null)
            content.Add(
                new JsonObject
                {
                    ["type"] = "thinking",
                    ["thinking"] = Reply.Reasoning,
                    ["signature"] = Reply.Signature ?? "",
                }
            );
        if ((Reply.Refusal ?? Reply.Text) is { Length: > 0 } text)
            content.Add(new JsonObject { ["type"] = "text", ["text"] = text });
        foreach (var call in Reply.ToolCalls)
            content.Add(
                new JsonObject
                {
                    ["type"] = "tool_use",
                    ["id"] = call.Id,
                    ["name"] = call.Name,
                    ["input"] = JsonNode.Parse(call.Arguments),
                }
            );
        return Json(
            new JsonObject
            {
                ["id"] = "msg_scripted",
                ["type"] = "message",
                ["role"] = "assistant",
                ["model"] = Request.Model,
                ["content"] = content,
                ["stop_reason"] = withFinish ? StopReason : null,
                ["usage"] = Usage(usage),
            }
        );
    }

    public override ScriptedEvent Error() =>
        Event(
            "error",
            new JsonObject
            {
                ["error"] = new JsonObject
                {
                    ["type"] =
                        Reply.ErrorCode
                        ?? ErrorStatus switch
                        {
                            400 => "invalid_request_error",
                            401 => "authentication_error",
                            402 => "billing_error",
                            403 => "permission_error",
                            404 => "not_found_error",
                            413 => "request_too_large",
                            429 => "rate_limit_error",
                            503 or 529 => "overloaded_error",
                            _ => "api_error",
                        },
                    ["message"] = Reply.ErrorMessage,
                },
            }
        );

    private string? StopReason =>
        FinishReason switch
        {
            "stop" => "end_turn",
            "length" => "max_tokens",
            "tool_calls" => "tool_use",
            "content_filter" => "refusal",
            var other => other,
        };

    private IEnumerable<ScriptedEvent> Block(string type, JsonObject start, bool isNew = false)
    {
        if (_open == type && !isNew)
            yield break;
        foreach (var closed in CloseBlock())
            yield return closed;
        _open = type;
        start["type"] = type;
        yield return Event("content_block_start", new JsonObject { ["index"] = _blocks, ["content_block"] = start });
    }

    private IEnumerable<ScriptedEvent> CloseBlock()
    {
        if (_open is null)
            yield break;
        _open = null;
        yield return Event("content_block_stop", new JsonObject { ["index"] = _blocks++ });
    }

    private ScriptedEvent Delta(JsonObject delta) =>
        Event("content_block_delta", new JsonObject { ["index"] = _blocks, ["delta"] = delta });

    private static ScriptedEvent Event(string type, JsonObject data, ScriptedUsage? usage = null)
    {
        data["type"] = type;
        return new ScriptedEvent(Json(data), type, usage);
    }

    private static JsonObject? Usage(ScriptedUsage? usage)
    {
        if (usage is null)
            return null;
        return new JsonObject
        {
            ["input_tokens"] = usage.Input - usage.CacheRead - usage.CacheWrite - usage.CacheWriteHour,
            ["cache_read_input_tokens"] = usage.CacheRead,
            ["cache_creation_input_tokens"] = usage.CacheWrite + usage.CacheWriteHour,
            ["cache_creation"] = new JsonObject
            {
                ["ephemeral_5m_input_tokens"] = usage.CacheWrite,
                ["ephemeral_1h_input_tokens"] = usage.CacheWriteHour,
            },
            ["output_tokens"] = usage.Output,
        };
    }
}
