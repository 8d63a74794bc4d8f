using Chancery.Server.Access.Organizations;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Answers.Conversations;

/// <summary>
/// Lets go of conversations that nobody touched: for the installation's RETENTION_DAYS, by marking them deleted (30 days by
/// default; 0 keeps them); and for as long as their organisation says, by erasing them (never by default).
/// </summary>
public sealed class ConversationRetention(
    TenantDatabase database,
    OrganizationStore organizations,
    AnswersOptions options,
    TimeProvider time
) : ITenantJob
{
    // Both reach every principal's conversations of the bound tenant: see 0005_answers.sql and 0012_conversations.sql.
    private const string ExpireSql = "SELECT expire_conversations(@since, @now)";
    private const string EraseSql = "SELECT erase_conversations(@since)";

    async Task ITenantJob.RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await EraseAsync(tenant, cancellationToken);
        await RunAsync(tenant, cancellationToken);
    }

    /// <summary>Marks them deleted and answers how many there were. Rows stay until an erasure.</summary>
    public async Task<int> RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (options.Retention is not { } retention)
        {
            return 0;
        }

        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var expired = await session.FindAsync<int>(ExpireSql, new { since = now - retention, now }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return expired;
    }

    /// <summary>
    /// Erases what the organisation wants to be rid of, deleted or not, with messages and shares; answers how many there
    /// were.
    /// </summary>
    public async Task<int> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var organization = await organizations.GetAsync(tenant, cancellationToken);
        if (organization.ConversationRetentionDays is not { } days)
        {
            return 0;
        }

        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var since = time.GetUtcNow() - TimeSpan.FromDays(days);
        var erased = await session.FindAsync<int>(EraseSql, new { since }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return erased;
    }
}
