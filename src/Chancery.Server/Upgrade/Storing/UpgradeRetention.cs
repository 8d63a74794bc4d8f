using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Upgrade.Storing;

/// <summary>Erases upgrades as conversations go: after RETENTION_DAYS, or after what their organisation says where that is shorter.</summary>
internal sealed class UpgradeRetention(
    TenantDatabase database,
    OrganizationStore organizations,
    AnswersOptions options,
    TimeProvider time
) : ITenantJob
{
    // Reaches every principal's upgrades of the bound tenant: see 0046_upgrades.sql.
    private const string EraseSql = "SELECT erase_upgrades(@before)";

    Task ITenantJob.RunAsync(TenantId tenant, CancellationToken cancellationToken) =>
        EraseAsync(tenant, cancellationToken);

    /// <summary>Answers how many there were.</summary>
    public async Task<int> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var organization = await organizations.GetAsync(tenant, cancellationToken);
        var own = organization.ConversationRetentionDays is { } days ? TimeSpan.FromDays(days) : (TimeSpan?)null;
        if ((own < options.Retention ? own : options.Retention ?? own) is not { } kept)
        {
            return 0;
        }

        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var erased = await session.FindAsync<int>(
            EraseSql,
            new { before = time.GetUtcNow() - kept },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return erased;
    }
}
