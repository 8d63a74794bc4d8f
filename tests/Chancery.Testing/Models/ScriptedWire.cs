using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Testing.Models;

/// <summary>One event of a stream.</summary>
/// <param name="Name">Of the event, on the wires that name them.</param>
/// <param name="Usage">What it tells of the usage.</param>
internal sealed record ScriptedEvent(string Data, string? Name = null, ScriptedUsage? Usage = null);

/// <summary>How one provider writes an answer. One for each request.</summary>
internal abstract class ScriptedWire(ScriptedRequest request, ScriptedReply reply)
{
    // Characters beyond ASCII as they are, so that cutting bytes cuts them.
    private static readonly JsonSerializerOptions Unescaped = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    protected ScriptedRequest Request { get; } = request;

    protected ScriptedReply Reply { get; } = reply;

    /// <summary>In OpenAI's words.</summary>
    protected string? FinishReason =>
        Reply is { ToolCalls.Count: > 0, FinishReason: "stop" } ? "tool_calls" : Reply.FinishReason;

    public static ScriptedWire Of(ScriptedRequest request, ScriptedReply reply) =>
        request.Path.EndsWith("/messages", StringComparison.Ordinal) ? new AnthropicWire(request, reply)
        : request.Path.Contains(':', StringComparison.Ordinal) ? new GeminiWire(request, reply)
        : new OpenAIWire(request, reply);

    /// <summary>What comes before anything is said.</summary>
    /// <param name="usage">Of the input, for the wires that tell it first.</param>
    public abstract IEnumerable<ScriptedEvent> Open(ScriptedUsage? usage);

    /// <summary>An event that says nothing.</summary>
    public abstract ScriptedEvent Empty();

    public abstract IEnumerable<ScriptedEvent> Reasoning(string piece, bool isLast);

    public abstract IEnumerable<ScriptedEvent> Text(string piece, ScriptedUsage? usage);

    public abstract IEnumerable<ScriptedEvent> Call(int index, ScriptedToolCall call);

    public abstract IEnumerable<ScriptedEvent> Close(ScriptedUsage? usage);

    /// <summary>An answer in one piece.</summary>
    public abstract string Whole(ScriptedUsage? usage, bool withFinish);

    public abstract ScriptedEvent Error();

    protected static string Json(JsonNode node) => node.ToJsonString(Unescaped);

    /// <summary>The status that the error means: of a refusal its own, inside a 200 that of the code.</summary>
    protected int ErrorStatus =>
        Reply.Status != 200 ? Reply.Status
        : int.TryParse(Reply.ErrorCode, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status
        : 503;
}
