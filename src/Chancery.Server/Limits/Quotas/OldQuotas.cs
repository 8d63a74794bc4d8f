using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Limits.Quotas;

/// <summary>
/// Forgets what was used more than thirteen months ago. Quotas begin anew by the calendar, not by this: it may run twice, late or never.
/// </summary>
internal sealed class OldQuotas(TenantDatabase database, TimeProvider time) : ITenantJob
{
    private const int KeptMonths = 13;

    private const string DeleteSql = "DELETE FROM plan_usage WHERE tenant_id = @tenant AND month < @oldest";

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            DeleteSql,
            new { tenant = tenant.Value, oldest = QuotaMonth.Of(time.GetUtcNow()).AddMonths(-KeptMonths) },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
