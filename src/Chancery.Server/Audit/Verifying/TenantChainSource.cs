using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.Verifying;

/// <summary>
/// A chain as its tenant sees it, a session for each page: entries never change, so that what was read up to a number stays what it
/// was while others write on. Safe for concurrent use.
/// </summary>
internal sealed class TenantChainSource(TenantDatabase database) : ChainSource
{
    protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
        Guid tenant,
        string sql,
        object arguments,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        return await session.QueryAsync<T>(sql, arguments, cancellationToken);
    }
}
