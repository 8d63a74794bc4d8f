using System.Text.Json.Nodes;

namespace Chancery.Testing.Models;

/// <summary><c>chat/completions</c>.</summary>
internal sealed class OpenAIWire(ScriptedRequest request, ScriptedReply reply) : ScriptedWire(request, reply)
{
    public override IEnumerable<ScriptedEvent> Open(ScriptedUsage? usage)
    {
        yield return Chunk(new JsonObject { ["role"] = "assistant", ["content"] = "" });
    }

    public override ScriptedEvent Empty() => Chunk([]);

    public override IEnumerable<ScriptedEvent> Reasoning(string piece, bool isLast)
    {
        yield return Chunk(new JsonObject { ["reasoning_content"] = piece });
    }

    public override IEnumerable<ScriptedEvent> Text(string piece, ScriptedUsage? usage)
    {
        yield return Chunk(new JsonObject { [Reply.Refusal is null ? "content" : "refusal"] = piece }, null, usage);
    }

    public override IEnumerable<ScriptedEvent> Call(int index, ScriptedToolCall call)
    {
        yield return Chunk(Piece(index, "", call));
        for (var start = 0; start < call.Arguments.Length; start += Reply.ChunkLength)
            yield return Chunk(
                Piece(
                    index,
                    call.Arguments.Substring(start, Math.Min(Reply.ChunkLength, call.Arguments.Length - start))
                )
            );
    }

    public override IEnumerable<ScriptedEvent> Close(ScriptedUsage? usage)
    {
        if (FinishReason is not null)
            yield return Chunk([], FinishReason);
        if (usage is not null)
            yield return Chunk(null, null, usage);
        if (Reply.WithDone)
            yield return new ScriptedEvent("[DONE]");
    }

    public override string Whole(ScriptedUsage? usage, bool withFinish)
    {
        var message = new JsonObject
        {
            ["role"] = "assistant",
            ["content"] =
                Reply.Refusal is null && (Reply.Text.Length > 0 || Reply.ToolCalls.Count == 0) ? Reply.Text : null,
        };
        if (Reply.Refusal is not null)
            message["refusal"] = Reply.Refusal;
        if (Reply.Reasoning is not null)
            message["reasoning_content"] = Reply.Reasoning;
        if (Reply.ToolCalls.Count > 0)
            message["tool_calls"] = new JsonArray([
                .. Reply.ToolCalls.Select(call => new JsonObject
                {
                    ["id"] = call.Id,
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
                }),
            ]);
        return Json(
            new JsonObject
            {
                ["id"] = "chatcmpl-scripted",
                ["object"] = "chat.completion",
                ["created"] = 1_700_000_000,
                ["model"] = Request.Model,
                ["choices"] = new JsonArray(
                    new JsonObject
                    {
                        ["index"] = 0,
                        ["message"] = message,
                        ["logprobs"] = Probabilities(Reply.Text),
                        ["finish_reason"] = withFinish ? FinishReason : null,
                    }
                ),
                ["usage"] = Usage(usage),
            }
        );
    }

    public override ScriptedEvent Error() =>
        new(
            Json(
                new JsonObject
                {
                    ["error"] = new JsonObject
                    {
                        ["message"] = Reply.ErrorMessage,
                        ["type"] = "scripted_error",
                        ["code"] = Reply.ErrorCode,
                    },
                }
            )
        );

    private static JsonObject Piece(int index, string arguments, ScriptedToolCall? call = null)
    {
        var function = new JsonObject { ["arguments"] = arguments };
        var piece = new JsonObject { ["index"] = index, ["function"] = function };
        if (call is not null)
        {
            function["name"] = call.Name;
            piece["id"] = call.Id;
            piece["type"] = "function";
        }

        return new JsonObject { ["tool_calls"] = new JsonArray(piece) };
    }

    private ScriptedEvent Chunk(JsonObject? delta, string? finishReason = null, ScriptedUsage? usage = null)
    {
        var said = delta?["content"]?.GetValue<string>();
        return new(
            Json(
                new JsonObject
                {
                    ["id"] = "chatcmpl-scripted",
                    ["object"] = "chat.completion.chunk",
                    ["created"] = 1_700_000_000,
                    ["model"] = Request.Model,
                    ["choices"] = delta is null
                        ? []
                        : new JsonArray(
                            new JsonObject
                            {
                                ["index"] = 0,
                                ["delta"] = delta,
                                ["logprobs"] = string.IsNullOrEmpty(said) ? null : Probabilities(said),
                                ["finish_reason"] = finishReason,
                            }
                        ),
                    ["usage"] = Usage(usage),
                }
            ),
            Usage: usage
        );
    }

    private JsonObject? Probabilities(string piece) =>
        Reply.WithProbabilities
            ? new JsonObject
            {
                ["content"] = new JsonArray(
                    new JsonObject
                    {
                        ["token"] = piece,
                        ["logprob"] = -0.25,
                        ["top_logprobs"] = new JsonArray(),
                    }
                ),
            }
            : null;

    private static JsonObject? Usage(ScriptedUsage? usage)
    {
        if (usage is null)
            return null;
        var json = new JsonObject
        {
            ["prompt_tokens"] = usage.Input,
            ["completion_tokens"] = usage.Output,
            ["total_tokens"] = usage.Input + usage.Output,
        };
        if (usage.CacheRead + usage.CacheWrite > 0)
            json["prompt_tokens_details"] = new JsonObject
            {
                ["cached_tokens"] = usage.CacheRead,
                ["cache_write_tokens"] = usage.CacheWrite,
            };
        if (usage.Reasoning > 0)
            json["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = usage.Reasoning };
        return json;
    }
}
