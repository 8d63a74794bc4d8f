namespace Chancery.Server.Platform.Settings;

/// <summary>
/// The operator's PostgreSQL and Redis, from <c>DATABASE_URL</c> and <c>REDIS_URL</c>; null means that the server runs a
/// private engine instead.
/// </summary>
/// <param name="Postgres">Npgsql connection string.</param>
/// <param name="Redis">Where Redis is and how to sign in.</param>
public sealed record ConnectionSettings(string? Postgres, RedisSettings? Redis)
{
    /// <summary>
    /// Reads <c>NAME</c> and <c>NAME_FILE</c>; when both are set the file wins. Values are a URL or the .NET form.
    /// </summary>
    /// <exception cref="SettingException">A value cannot be understood, or its file not read; never quotes a password.</exception>
    public static ConnectionSettings Read(IConfiguration configuration) =>
        throw new SettingException("DATABASE_URL", "not yet");
}
