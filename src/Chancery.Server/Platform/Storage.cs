using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform;

/// <summary>Where an instance keeps its state: engines that run and are migrated, whether private or given.</summary>
/// <param name="AppConnectionString">Connects as <c>chancery_app</c>, which owns nothing and cannot bypass policies.</param>
/// <param name="RedisConfiguration">StackExchange.Redis form.</param>
/// <param name="DataDirectory">Blobs, logs and keys; absolute.</param>
/// <param name="MasterKey">The installation's one root secret.</param>
public sealed record Storage(
    string AppConnectionString,
    string RedisConfiguration,
    string DataDirectory,
    MasterKey MasterKey
)
{
    /// <summary>
    /// For what only the owner of the tables may do while the server runs: building indexes. Null where that is not wanted
    /// (HNSW_BUILD).
    /// </summary>
    public string? OwnerConnectionString { get; init; }

    /// <summary>How Redis is held against certificates; null where it is reached without TLS.</summary>
    public RedisTls? RedisTls { get; init; }
}
