using System.Text.Json.Nodes;

namespace Chancery.Testing.Models;

/// <summary><c>generateContent</c>.</summary>
internal sealed class GeminiWire(ScriptedRequest request, ScriptedReply reply) : ScriptedWire(request, reply)
{
    public override IEnumerable<ScriptedEvent> Open(ScriptedUsage? usage)
    {
        if (Reply.BlockReason is not null)
            yield return new ScriptedEvent(Json(Blocked(usage)), Usage: usage);
    }

    public override ScriptedEvent Empty() => Chunk([]);

    public override IEnumerable<ScriptedEvent> Reasoning(string piece, bool isLast)
    {
        yield return Chunk([new JsonObject { ["text"] = piece, ["thought"] = true }]);
    }

    public override IEnumerable<ScriptedEvent> Text(string piece, ScriptedUsage? usage)
    {
        yield return Chunk([new JsonObject { ["text"] = piece }], null, usage, piece);
    }

    public override IEnumerable<ScriptedEvent> Call(int index, ScriptedToolCall call)
    {
        yield return Chunk([CallPart(call)]);
    }

    public override IEnumerable<ScriptedEvent> Close(ScriptedUsage? usage)
    {
        if (Reply.BlockReason is null)
            yield return Chunk([], FinishWord, usage);
    }

    public override string Whole(ScriptedUsage? usage, bool withFinish)
    {
        if (Reply.BlockReason is not null)
            return Json(Blocked(usage));

        var parts = new List<JsonNode>();
        if (Reply.Reasoning is not null)
            parts.Add(new JsonObject { ["text"] = Reply.Reasoning, ["thought"] = true });
        if ((Reply.Refusal ?? Reply.Text) is { Length: > 0 } text)
            parts.Add(new JsonObject { ["text"] = text });
        parts.AddRange(Reply.ToolCalls.Select(CallPart));
        return Chunk(parts, withFinish ? FinishWord : null, usage, Reply.Text).Data;
    }

    public override ScriptedEvent Error() =>
        new(
            Json(
                new JsonObject
                {
                    ["error"] = new JsonObject
                    {
                        ["code"] = ErrorStatus,
                        ["message"] = Reply.ErrorMessage,
                        ["status"] =
                            Reply.ErrorCode
                            ?? ErrorStatus switch
                            {
                                400 => "INVALID_ARGUMENT",
                                401 => "UNAUTHENTICATED",
                                403 => "PERMISSION_DENIED",
                                404 => "NOT_FOUND",
                                429 => "RESOURCE_EXHAUSTED",
                                503 => "UNAVAILABLE",
                                _ => "INTERNAL",
                            },
                    },
                }
            )
        );

    private string? FinishWord =>
        FinishReason switch
        {
            "stop" or "tool_calls" => "STOP",
            "length" => "MAX_TOKENS",
            "content_filter" => "SAFETY",
            var other => other,
        };

    private JsonNode CallPart(ScriptedToolCall call)
    {
        var part = new JsonObject
        {
            ["functionCall"] = new JsonObject
            {
                ["id"] = call.Id,
                ["name"] = call.Name,
                ["args"] = JsonNode.Parse(call.Arguments),
            },
        };
        if (Reply.Signature is not null)
            part["thoughtSignature"] = Reply.Signature;
        return part;
    }

    private JsonObject Blocked(ScriptedUsage? usage) =>
        new()
        {
            ["promptFeedback"] = new JsonObject { ["blockReason"] = Reply.BlockReason },
            ["usageMetadata"] = Usage(usage),
            ["modelVersion"] = Request.Model,
            ["responseId"] = "scripted",
        };

    private ScriptedEvent Chunk(
        IEnumerable<JsonNode> parts,
        string? finishReason = null,
        ScriptedUsage? usage = null,
        string? said = null
    )
    {
        var candidate = new JsonObject
        {
            ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray([.. parts]) },
            ["index"] = 0,
        };
        if (finishReason is not null)
            candidate["finishReason"] = finishReason;
        if (Reply.WithProbabilities && said is not null)
            candidate["logprobsResult"] = new JsonObject
            {
                ["chosenCandidates"] = new JsonArray(new JsonObject { ["token"] = said, ["logProbability"] = -0.25 }),
            };
        var json = new JsonObject
        {
            ["candidates"] = new JsonArray(candidate),
            ["modelVersion"] = Request.Model,
            ["responseId"] = "scripted",
        };
        if (usage is not null)
            json["usageMetadata"] = Usage(usage);
        return new ScriptedEvent(Json(json), Usage: usage);
    }

    private static JsonObject? Usage(ScriptedUsage? usage)
    {
        if (usage is null)
            return null;
        var json = new JsonObject
        {
            ["promptTokenCount"] = usage.Input,
            ["candidatesTokenCount"] = usage.Output - usage.Reasoning,
            ["totalTokenCount"] = usage.Input + usage.Output,
        };
        if (usage.Reasoning > 0)
            json["thoughtsTokenCount"] = usage.Reasoning;
        if (usage.CacheRead > 0)
            json["cachedContentTokenCount"] = usage.CacheRead;
        return json;
    }
}
