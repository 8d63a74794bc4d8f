namespace Chancery.Server.Platform;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Applied migration {Migration}")]
    public static partial void MigrationApplied(ILogger logger, string migration);

    [LoggerMessage(1002, LogLevel.Warning, "Migration {Migration} waits for the extension {Extension}")]
    public static partial void MigrationWaitsForExtension(ILogger logger, string migration, string extension);

    [LoggerMessage(1003, LogLevel.Warning, "PostgreSQL's extension {Extension} is not installed")]
    public static partial void ExtensionNotInstalled(ILogger logger, string extension);

    [LoggerMessage(1004, LogLevel.Warning, "The key vault's secret {Secret} and is not read")]
    public static partial void VaultSecretLeft(ILogger logger, string secret);

    [LoggerMessage(1010, LogLevel.Warning, "Redis: {What}")]
    public static partial void RedisTrouble(ILogger logger, string what, Exception? exception = null);

    [LoggerMessage(1011, LogLevel.Error, "The certificate of Redis at {Host} does not count, so it is not used: {Why}")]
    public static partial void RedisCertificateRefused(ILogger logger, string host, string why);

    [LoggerMessage(1012, LogLevel.Information, "{Setting} was read again")]
    public static partial void RedisFilesRead(ILogger logger, string setting);

    [LoggerMessage(
        1013,
        LogLevel.Error,
        "{Setting} changed and cannot be used; what it held before stays in use: {Why}"
    )]
    public static partial void RedisFilesNotRead(ILogger logger, string setting, string why);

    [LoggerMessage(
        1014,
        LogLevel.Warning,
        "SEARCH_ENGINE is redis, and this Redis has no vector sets (8.0 or newer has): PostgreSQL searches instead"
    )]
    public static partial void NoVectorSets(ILogger logger);

    [LoggerMessage(1015, LogLevel.Information, "Filled a vector set of tenant {TenantId} with {Vectors} vectors")]
    public static partial void VectorSetFilled(ILogger logger, Guid tenantId, int vectors);

    [LoggerMessage(
        1016,
        LogLevel.Warning,
        "A vector set of tenant {TenantId} is behind; PostgreSQL searches meanwhile"
    )]
    public static partial void VectorSetBehind(ILogger logger, Guid tenantId, Exception exception);

    [LoggerMessage(1017, LogLevel.Information, "{Setting} was read again; calls to endpoints go by it from now on")]
    public static partial void OutgoingFilesRead(ILogger logger, string setting);

    [LoggerMessage(
        1018,
        LogLevel.Error,
        "{Setting} changed and cannot be used; what it held before stays in use: {Why}"
    )]
    public static partial void OutgoingFilesNotRead(ILogger logger, string setting, string why);

    [LoggerMessage(1019, LogLevel.Error, "The certificate of {Host} does not count, so it is not called: {Why}")]
    public static partial void OutgoingRefused(ILogger logger, string host, string why);

    [LoggerMessage(1020, LogLevel.Information, "The operator {Name} signed in to the console")]
    public static partial void OperatorSignedIn(ILogger logger, string name);

    [LoggerMessage(1021, LogLevel.Warning, "Somebody gave the console a token that is no operator's")]
    public static partial void OperatorTokenRefused(ILogger logger);
}
