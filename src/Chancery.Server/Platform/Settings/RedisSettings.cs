using System.Text;

namespace Chancery.Server.Platform.Settings;

/// <summary>How to reach one Redis.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="User">ACL user; null for the default user.</param>
/// <param name="Password">Null when Redis asks for none.</param>
/// <param name="Database">Number, 0 unless told.</param>
/// <param name="Tls">True for <c>rediss://</c> and <c>ssl=true</c>.</param>
public sealed record RedisSettings(string Host, int Port, string? User, string? Password, int Database, bool Tls)
{
    /// <summary>What its certificate is held against, and what is shown to it; null for the machine's authorities and nothing.</summary>
    public RedisTls? Files { get; init; }

    // Records print every property; this one must never print its password.
    private bool PrintMembers(StringBuilder text)
    {
        text.Append(Tls ? "rediss://" : "redis://").Append(Host).Append(':').Append(Port).Append('/').Append(Database);
        return true;
    }
}
