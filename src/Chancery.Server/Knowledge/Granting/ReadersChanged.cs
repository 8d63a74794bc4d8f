using Chancery.Server.Access;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Granting;

/// <summary>Groups have other members: what search finds changes for them with the tenant's next revision, on every server.</summary>
internal sealed class ReadersChanged(TimeProvider time) : IReadersChanged
{
    // Documents that move are read by others, too.
    private const string StandSql = """
        SELECT coalesce(max(revision), 0) FROM knowledge_changes WHERE tenant_id = @tenant AND kind IN ('access', 'moved')
        """;

    public Task<long> StandAsync(TenantSession session, CancellationToken cancellationToken) =>
        session.FindAsync<long>(StandSql, new { tenant = session.Tenant.Value }, cancellationToken);

    public Task ChangedAsync(TenantSession session, CancellationToken cancellationToken) =>
        RevisionLog.RecordAsync(
            session,
            ChangeKind.Access,
            RevisionLog.NoDocument,
            [],
            [],
            time.GetUtcNow(),
            cancellationToken
        );
}
