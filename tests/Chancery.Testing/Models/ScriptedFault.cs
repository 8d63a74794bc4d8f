using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Chancery.Testing.Models;

/// <summary>What providers do wrong, by name, for tables of tests. Each holds for streams and for whole answers.</summary>
public static class ScriptedFault
{
    private const string Text = "one two three four";

    private static readonly ScriptedReply Half = new(Text)
    {
        ChunkLength = 4,
        ChunksBeforeEnding = 2,
        // A reset overtakes what was written just before.
        BetweenChunks = TimeSpan.FromMilliseconds(10),
    };

    /// <summary>It accepts the request and never says a byte.</summary>
    public static ScriptedReply Silence { get; } = new(Text) { BeforeFirstByte = Timeout.InfiniteTimeSpan };

    /// <summary>It says half of the answer, and then nothing, on an open connection.</summary>
    public static ScriptedReply Stall { get; } = Half with { Ending = StreamEnding.Stall };

    /// <summary>It says half of the answer, and the connection is reset.</summary>
    public static ScriptedReply Reset { get; } = Half with { Ending = StreamEnding.Reset };

    /// <summary>The connection is reset before anything is said.</summary>
    public static ScriptedReply ResetAtOnce { get; } = Reset with { ChunksBeforeEnding = 0 };

    /// <summary>The body ends properly, but the answer is only half of one.</summary>
    public static ScriptedReply Truncation { get; } = Half with { Ending = StreamEnding.WithoutFinish };

    public static ScriptedReply MalformedJson { get; } = Half with { Ending = StreamEnding.MalformedJson };

    /// <summary>An error inside a 200, after half of the answer.</summary>
    public static ScriptedReply ErrorObject { get; } = Half with { Ending = StreamEnding.ErrorObject };

    /// <summary>An error inside a 200, before anything is said.</summary>
    public static ScriptedReply ErrorObjectAtOnce { get; } = ErrorObject with { ChunksBeforeEnding = 0 };

    /// <summary>An answer without an end.</summary>
    public static ScriptedReply Endless { get; } = new(Text) { Ending = StreamEnding.Endless };

    /// <summary>A page of a proxy in place of an answer.</summary>
    public static ScriptedReply NotJson { get; } = new(Text) { RawBody = "<html>gateway</html>" };

    /// <summary>A letter at a time.</summary>
    public static ScriptedReply SlowDrip(TimeSpan between) => new(Text) { ChunkLength = 1, BetweenChunks = between };

    /// <summary>A complete answer that says nothing of what it used.</summary>
    public static ScriptedReply NoUsage { get; } = new(Text) { WithUsage = false };

    /// <summary>A complete answer that lies about what it used.</summary>
    public static ScriptedReply WrongUsage { get; } = new(Text) { Usage = new ScriptedUsage(1_000_000, 7) };

    /// <summary>A 429 that asks to wait by a number of seconds.</summary>
    public static ScriptedReply RateLimitedForSeconds(int seconds) =>
        RateLimited("Retry-After", seconds.ToString(CultureInfo.InvariantCulture));

    /// <summary>A 429 that asks to wait until a date.</summary>
    public static ScriptedReply RateLimitedUntil(DateTimeOffset date) =>
        RateLimited("Retry-After", date.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>A 429 that asks to wait by one of the two headers in milliseconds.</summary>
    public static ScriptedReply RateLimitedForMilliseconds(int milliseconds, string header = "retry-after-ms") =>
        RateLimited(header, milliseconds.ToString(CultureInfo.InvariantCulture));

    public static ScriptedReply RateLimited(string header, string value) =>
        new()
        {
            Status = 429,
            Headers = new Dictionary<string, string> { [header] = value },
        };

    /// <summary>An address that refuses connections for as long as it is held.</summary>
    public static RefusingAddress NobodyListens() => new();
}

/// <summary>A port that is taken, so that nobody else gets it, but not listened on.</summary>
public sealed class RefusingAddress : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    internal RefusingAddress()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        BaseAddress = new Uri($"http://127.0.0.1:{((IPEndPoint)_socket.LocalEndPoint!).Port}/v1");
    }

    public Uri BaseAddress { get; }

    public void Dispose() => _socket.Dispose();
}
