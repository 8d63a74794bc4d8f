namespace Chancery.Server.Platform.Engines;

/// <summary>Which private engines to start, and where their files live.</summary>
/// <param name="DataDirectory">
/// Holds <c>postgres/</c>, <c>redis/</c>, <c>keys/</c> and <c>logs/</c>. Made when missing. One server at a time.
/// </param>
public sealed record EngineOptions(string DataDirectory)
{
    /// <summary>False where <c>DATABASE_URL</c> names a PostgreSQL of the operator's.</summary>
    public bool Postgres { get; init; } = true;

    /// <summary>False where <c>REDIS_URL</c> names a Redis of the operator's.</summary>
    public bool Redis { get; init; } = true;

    /// <summary>
    /// Where engine data goes when the unprivileged engine user cannot reach <see cref="DataDirectory"/>, as in root's
    /// home directory. Each data directory gets a folder of its own below it.
    /// </summary>
    public string FallbackRoot { get; init; } = "/var/lib/chancery";

    /// <summary>
    /// Preferred place of the directory with PostgreSQL's socket; passed over when it is not writable or too long for a
    /// socket. Null: <c>/run</c> for root, <c>$XDG_RUNTIME_DIR</c> for others, then <c>/tmp</c>.
    /// </summary>
    public string? SocketRoot { get; init; }

    /// <summary>How long an engine may take to answer; recovery after a power loss can need minutes.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);
}
