using Chancery.Server.Access.Lists;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Access.Accounts;

/// <summary>What a change of a service account can end in, apart from a fault.</summary>
internal enum AccountChange
{
    Done,
    NotFound,
    NameTaken,
}

/// <summary>The SQL of service accounts. Safe for concurrent use.</summary>
internal sealed class AccountStore(TenantDatabase database, IEnumerable<IReadersChanged> listeners, TimeProvider time)
{
    private const string ColumnsSql = """
        SELECT a.account_id, a.name, a.role, a.created_by, a.created_at, a.disabled_at,
               (SELECT count(*)::int FROM api_keys AS k
                WHERE k.tenant_id = a.tenant_id AND k.account_id = a.account_id AND k.revoked_at IS NULL) AS keys
        FROM service_accounts AS a
        WHERE a.tenant_id = @tenant

        """;

    private const string ListSql =
        ColumnsSql + "AND (@after::uuid IS NULL OR a.account_id > @after) ORDER BY a.account_id LIMIT @most";

    private const string FindSql = ColumnsSql + "AND a.account_id = @id";

    private const string InsertSql = """
        INSERT INTO service_accounts (tenant_id, account_id, name, role, created_by, created_at)
        VALUES (@tenant, @id, @name, @role, @by, @now)
        """;

    private const string ChangeSql = """
        UPDATE service_accounts
        SET name = coalesce(@name, name), role = coalesce(@role, role),
            disabled_at = CASE WHEN @disabled THEN coalesce(disabled_at, @now) WHEN NOT @disabled THEN NULL ELSE disabled_at END
        WHERE tenant_id = @tenant AND account_id = @id
        """;

    private const string DeleteSql = "DELETE FROM service_accounts WHERE tenant_id = @tenant AND account_id = @id";

    internal sealed record AccountRow(
        Guid AccountId,
        string Name,
        string Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? DisabledAt,
        int Keys
    );

    public async Task<IReadOnlyList<AccountRow>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<AccountRow>(
            ListSql,
            new
            {
                tenant = tenant.Value,
                after,
                most,
            },
            cancellationToken
        );
    }

    public async Task<AccountRow?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<AccountRow>(FindSql, new { tenant = tenant.Value, id }, cancellationToken);
    }

    /// <summary>Null when the name is taken.</summary>
    public async Task<AccountRow?> CreateAsync(
        Principal by,
        string name,
        string role,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var row = new AccountRow(Guid.CreateVersion7(now), name, role, by.UserId, now, DisabledAt: null, Keys: 0);
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        try
        {
            await session.ExecuteAsync(
                InsertSql,
                new
                {
                    tenant = by.Tenant.Value,
                    id = row.AccountId,
                    name,
                    role,
                    by = by.UserId,
                    now,
                },
                cancellationToken
            );
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return null;
        }

        await session.CommitAsync(cancellationToken);
        return row;
    }

    /// <param name="name">Null leaves it, as with <paramref name="role"/> and <paramref name="disabled"/>.</param>
    public async Task<AccountChange> ChangeAsync(
        TenantId tenant,
        Guid id,
        string? name,
        string? role,
        bool? disabled,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        try
        {
            var changed = await session.ExecuteAsync(
                ChangeSql,
                new
                {
                    tenant = tenant.Value,
                    id,
                    name,
                    role,
                    disabled,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
            return changed == 1 ? AccountChange.Done : AccountChange.NotFound;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return AccountChange.NameTaken;
        }
    }

    /// <summary>With its keys, and out of all groups and lists.</summary>
    public async Task<AccountChange> DeleteAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (await session.ExecuteAsync(DeleteSql, new { tenant = tenant.Value, id }, cancellationToken) == 0)
        {
            return AccountChange.NotFound;
        }

        await AccessLists.RemoveReaderAsync(session, id, cancellationToken);
        foreach (var listener in listeners)
        {
            await listener.ChangedAsync(session, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return AccountChange.Done;
    }
}
