namespace Chancery.Testing.Models;

/// <summary>How a streamed reply ends.</summary>
public enum StreamEnding
{
    /// <summary>Finish reason, usage, <c>[DONE]</c>.</summary>
    Complete,

    /// <summary>The body ends properly, without a finish reason.</summary>
    WithoutFinish,

    /// <summary>The connection is reset.</summary>
    Reset,

    /// <summary>An event that is not JSON.</summary>
    MalformedJson,

    /// <summary>An event with an error object, as providers send it inside a 200.</summary>
    ErrorObject,

    /// <summary>Nothing more comes, and the connection stays open until the client leaves.</summary>
    Stall,

    /// <summary>The text is said again and again until the client leaves.</summary>
    Endless,
}

/// <summary>A tool call that the scripted model makes.</summary>
/// <param name="Arguments">JSON text.</param>
public sealed record ScriptedToolCall(string Id, string Name, string Arguments = "{}");

/// <summary>
/// What the scripted model does with one request, on whichever wire it came. A status other than 200 sends an error body and no
/// text.
/// </summary>
public sealed record ScriptedReply(string Text = "")
{
    public int Status { get; init; } = 200;

    /// <summary>The <c>code</c> of the error object, in an error body and inside a stream.</summary>
    public string? ErrorCode { get; init; }

    public string ErrorMessage { get; init; } = "The scripted model was told to fail.";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>In OpenAI's words; other wires say the same in theirs. Never sent when null.</summary>
    public string? FinishReason { get; init; } = "stop";

    /// <summary>Come after the text; the finish reason is then <c>tool_calls</c> where none other is set.</summary>
    public IReadOnlyList<ScriptedToolCall> ToolCalls { get; init; } = [];

    /// <summary>Comes before the text.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The proof that comes with reasoning on Anthropic's wire and with tool calls on Google's.</summary>
    public string? Signature { get; init; }

    /// <summary>OpenAI's <c>refusal</c> in place of the text.</summary>
    public string? Refusal { get; init; }

    /// <summary>Google's reason for blocking the prompt: no candidate comes.</summary>
    public string? BlockReason { get; init; }

    /// <summary>Log probabilities with each piece of text, on the wires that know them.</summary>
    public bool WithProbabilities { get; init; }

    /// <summary>How long nothing at all is sent, not even headers.</summary>
    public TimeSpan BeforeFirstByte { get; init; }

    /// <summary>What is waited for before anything is sent: for a test that has to come in between, however slow it is.</summary>
    public Task Held { get; init; } = Task.CompletedTask;

    /// <summary>What is waited for before the ending, such as that the client has read so far.</summary>
    public Task EndingHeld { get; init; } = Task.CompletedTask;

    public TimeSpan BetweenChunks { get; init; }

    /// <summary>Characters of text in one event of a stream.</summary>
    public int ChunkLength { get; init; } = 12;

    /// <summary>
    /// Also of an answer that is not streamed: without a finish reason, half of the body and a reset, half of the JSON, an error
    /// object, half of the body and nothing more, or a text without an end.
    /// </summary>
    public StreamEnding Ending { get; init; }

    /// <summary>After how many events of text an ending other than complete comes; all of them when null.</summary>
    public int? ChunksBeforeEnding { get; init; }

    /// <summary>Sends the stream byte by byte, so that every character and every line is cut.</summary>
    public bool SplitBytes { get; init; }

    /// <summary>Events that say nothing before the first that does.</summary>
    public int EmptyDeltas { get; init; }

    /// <summary>Of a stream: <c>\n</c>, <c>\r\n</c> or <c>\r</c>.</summary>
    public string LineEnding { get; init; } = "\n";

    public bool WithByteOrderMark { get; init; }

    /// <summary>A comment before each event, as proxies send them to keep a connection.</summary>
    public bool WithComments { get; init; }

    /// <summary>Each event's JSON over several <c>data:</c> lines.</summary>
    public bool WithMultiLineData { get; init; }

    /// <summary>Whether an OpenAI stream ends in <c>[DONE]</c>.</summary>
    public bool WithDone { get; init; } = true;

    public bool WithUsage { get; init; } = true;

    /// <summary>What it says it used, true or not; counted from the texts when null.</summary>
    public ScriptedUsage? Usage { get; init; }

    /// <summary>Usage on every event of text too, growing, as some providers send it.</summary>
    public bool UsageOnEveryChunk { get; init; }

    /// <summary>Sent as the data of the events of a stream, in place of everything that would be said.</summary>
    public IReadOnlyList<string>? RawEvents { get; init; }

    /// <summary>Sent in place of everything else, with the status and as JSON.</summary>
    public string? RawBody { get; init; }

    public static ScriptedReply Failing(int status, TimeSpan? retryAfter = null, string? code = null) =>
        new()
        {
            Status = status,
            ErrorCode = code,
            Headers = retryAfter is { } wait
                ? new Dictionary<string, string> { ["Retry-After"] = ((int)wait.TotalSeconds).ToString("D", null) }
                : new Dictionary<string, string>(),
        };
}
