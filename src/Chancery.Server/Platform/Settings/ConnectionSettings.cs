namespace Chancery.Server.Platform.Settings;

/// <summary>
/// The operator's PostgreSQL and Redis, from <c>DATABASE_URL</c> and <c>REDIS_URL</c>; null means that the server runs a
/// private engine instead.
/// </summary>
/// <param name="Postgres">Npgsql connection string.</param>
/// <param name="Redis">Where Redis is and how to sign in.</param>
public sealed record ConnectionSettings(string? Postgres, RedisSettings? Redis)
{
    public const string PostgresName = "DATABASE_URL";
    public const string RedisName = "REDIS_URL";

    /// <summary>
    /// Reads <c>NAME</c> and <c>NAME_FILE</c>; when both are set the file wins. Values are a URL or the .NET form. What more
    /// settings say of Redis is in <see cref="RedisTls"/>.
    /// </summary>
    /// <exception cref="SettingException">A value cannot be understood, or its file not read; never quotes a password.</exception>
    public static ConnectionSettings Read(IConfiguration configuration) =>
        new(
            SecretSetting.Read(configuration, PostgresName) is { } postgres ? PostgresAddress.Parse(postgres) : null,
            RedisTls.Apply(
                configuration,
                SecretSetting.Read(configuration, RedisName) is { } redis ? RedisAddress.Parse(redis) : null
            )
        );

    // Records print every property, and the connection string holds a password.
    public override string ToString() =>
        $"PostgreSQL {(Postgres is null ? "private" : "of the operator")}, Redis {(Redis is null ? "private" : "of the operator")}";
}
