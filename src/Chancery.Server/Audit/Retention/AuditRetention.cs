using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Audit.Retention;

/// <summary>
/// Lets go of entries after AUDIT_RETENTION_DAYS, from the beginning up to a signed head, which the chain is anchored to from then on.
/// It may run twice, or late.
/// </summary>
internal sealed class AuditRetention(
    TenantDatabase database,
    AuditTrail trail,
    AuditSettings settings,
    TimeProvider time
) : ITenantJob
{
    // A head that was signed before then stands behind nothing that is younger.
    private const string HeadSql = """
        SELECT max(h.seq) FROM audit_heads AS h JOIN audit_chains AS c USING (tenant_id)
        WHERE h.tenant_id = @tenant AND h.signed_at < @before AND h.seq > c.anchor_seq
        """;

    private const string ForgetSql = "SELECT forget_audit_entries(@through)";

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (settings.RetentionDays == 0)
        {
            return;
        }

        var before = time.GetUtcNow() - TimeSpan.FromDays(settings.RetentionDays);
        long gone;
        long? through;
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            through = await session.FindAsync<long?>(HeadSql, new { tenant = tenant.Value, before }, cancellationToken);
            if (through is null)
            {
                return;
            }

            await session.AllowLongStatementsAsync(cancellationToken);
            gone = await session.FindAsync<long>(ForgetSql, new { through }, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        if (gone > 0)
        {
            await trail.RecordAsync(
                new AuditEvent(AuditActor.Server(tenant.Value), "audit.expired", AuditOutcome.Succeeded)
                {
                    Details = new AuditDetails().Add("entries", gone).Add("through", through),
                }
            );
        }
    }
}
