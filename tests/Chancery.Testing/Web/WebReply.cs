using System.Text;

namespace Chancery.Testing.Web;

/// <summary>A request as it came over the wire.</summary>
/// <param name="Target">Path and query.</param>
public sealed record WebRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public string Path => Target.Split('?')[0];

    public string? Header(string name) => Headers.TryGetValue(name, out var value) ? value : null;
}

/// <summary>What the scripted web server does with one request, the faults of real ones included.</summary>
public sealed record WebReply(byte[] Body)
{
    public WebReply(string text)
        : this(Encoding.UTF8.GetBytes(text)) { }

    public int Status { get; init; } = 200;

    public string? ContentType { get; init; } = "text/plain";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>How long nothing at all is sent.</summary>
    public TimeSpan BeforeFirstByte { get; init; }

    /// <summary>Sends the body byte by byte, with this pause between two.</summary>
    public TimeSpan BetweenBytes { get; init; }

    /// <summary>Sends the body again and again until the client leaves, without saying how long it is.</summary>
    public bool IsEndless { get; init; }

    /// <summary>Resets the connection after so many bytes of the body, which was announced whole.</summary>
    public int? BreaksAfter { get; init; }

    /// <summary>Sent in place of everything else.</summary>
    public byte[]? Raw { get; init; }

    public static WebReply Failing(int status) => new("") { Status = status };

    public static WebReply Redirect(string location, int status = 302) =>
        new("") { Status = status, Headers = [("Location", location)] };
}
