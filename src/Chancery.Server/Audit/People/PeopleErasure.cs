using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.People;

/// <summary>
/// Erases a person's name, e-mail and network addresses from a tenant's record. What they did stays, under their id, and the chain
/// still holds.
/// </summary>
internal static class PeopleErasure
{
    private const string InboxSql = """
        UPDATE audit_inbox SET name = '', email = '', address = '' WHERE tenant_id = @tenant AND person_id = @person
        """;

    private const string EraseSql = """
        UPDATE audit_people SET name = NULL, email = NULL, address = NULL, salt = NULL, erased_at = @now
        WHERE tenant_id = @tenant AND person_id = @person AND erased_at IS NULL
        """;

    // No writer links names in between: what it took from the inbox is beside the chain when it lets go.
    private const string LockSql = "SELECT seq FROM audit_chains WHERE tenant_id = @tenant FOR UPDATE";

    /// <summary>In the transaction of whatever lets the person go; do not commit it here.</summary>
    public static async Task EraseAsync(
        TenantSession session,
        Guid person,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            person,
            now,
        };
        await session.FindAsync<long?>(LockSql, arguments, cancellationToken);
        await session.ExecuteAsync(InboxSql, arguments, cancellationToken);
        await session.ExecuteAsync(EraseSql, arguments, cancellationToken);
    }
}
