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
}

/// <summary>What the scripted model does with one request. A status other than 200 sends an error body and no text.</summary>
public sealed record ScriptedReply(string Text = "")
{
    public int Status { get; init; } = 200;

    /// <summary>The <c>code</c> of the error object, in an error body and inside a stream.</summary>
    public string? ErrorCode { get; init; }

    public string ErrorMessage { get; init; } = "The scripted model was told to fail.";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public string? FinishReason { get; init; } = "stop";

    /// <summary>How long nothing at all is sent, not even headers.</summary>
    public TimeSpan BeforeFirstByte { get; init; }

    /// <summary>What is waited for before anything is sent: for a test that has to come in between, however slow it is.</summary>
    public Task Held { get; init; } = Task.CompletedTask;

    public TimeSpan BetweenChunks { get; init; }

    /// <summary>Characters of text in one event of a stream.</summary>
    public int ChunkLength { get; init; } = 12;

    public StreamEnding Ending { get; init; }

    /// <summary>After how many events of text an ending other than complete comes; all of them when null.</summary>
    public int? ChunksBeforeEnding { get; init; }

    /// <summary>Sends the stream byte by byte, so that every character and every line is cut.</summary>
    public bool SplitBytes { get; init; }

    public bool WithUsage { get; init; } = true;

    /// <summary>Usage on every event of text too, growing, as some providers send it.</summary>
    public bool UsageOnEveryChunk { get; init; }

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
