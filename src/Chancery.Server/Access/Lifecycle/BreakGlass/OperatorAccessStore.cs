using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;

namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>An operator's access that counts right now.</summary>
internal sealed record OpenAccess(
    Guid TenantId,
    Guid AccessId,
    Guid? OperatorId,
    string OperatorName,
    string? OperatorMark,
    string TenantName,
    string Plan,
    DateTimeOffset ExpiresAt
);

/// <summary>One access, open or over, as the organisation sees it.</summary>
internal sealed record AccessRow(
    Guid AccessId,
    Guid? OperatorId,
    string OperatorName,
    string Reason,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? EndedAt,
    string? EndedBy,
    long Requests,
    DateTimeOffset? LastUsedAt
);

/// <summary>The rows of operators' accesses. Safe for concurrent use.</summary>
internal sealed class OperatorAccessStore(TenantDatabase database)
{
    private const string InsertSql = """
        INSERT INTO operator_accesses
          (tenant_id, access_id, operator_id, operator_name, operator_mark, reason, created_at, expires_at)
        SELECT tenant_id, @id, @operatorId, @operatorName, @operatorMark, @reason, @now, @expires
        FROM tenants WHERE tenant_id = @tenant AND status = 'active'
        """;

    private const string StatusSql = "SELECT status FROM tenants WHERE tenant_id = @tenant";

    // A revoked operator's access ends with their token.
    private const string FindSql = """
        SELECT a.tenant_id, a.access_id, a.operator_id, a.operator_name, a.operator_mark, t.name AS tenant_name, t.plan, a.expires_at
        FROM operator_accesses AS a JOIN tenants AS t ON t.tenant_id = a.tenant_id AND t.status = 'active'
        WHERE a.tenant_id = @tenant AND a.access_id = @id AND a.ended_at IS NULL
          AND (a.operator_id IS NULL OR door_is_operator(a.operator_id))
        """;

    private const string NewestSql = """
        SELECT a.access_id FROM operator_accesses AS a
        WHERE a.tenant_id = @tenant AND a.ended_at IS NULL AND a.expires_at > @now
          AND a.operator_id IS NOT DISTINCT FROM @operatorId AND a.operator_mark IS NOT DISTINCT FROM @mark
        ORDER BY a.expires_at DESC, a.access_id DESC
        LIMIT 1
        """;

    private const string ListSql = """
        SELECT access_id, operator_id, operator_name, reason, created_at, expires_at, ended_at, ended_by, requests, last_used_at
        FROM operator_accesses
        WHERE tenant_id = @tenant AND (@after::uuid IS NULL OR access_id < @after)
        ORDER BY access_id DESC
        LIMIT @most
        """;

    private const string EndSql = """
        UPDATE operator_accesses SET ended_at = @now, ended_by = @by
        WHERE tenant_id = @tenant AND access_id = @id AND ended_at IS NULL AND expires_at > @now
        """;

    private const string ExistsSql = """
        SELECT count(*) FROM operator_accesses WHERE tenant_id = @tenant AND access_id = @id
        """;

    private const string CountSql = """
        UPDATE operator_accesses SET requests = requests + 1, last_used_at = @now
        WHERE tenant_id = @tenant AND access_id = @id
        """;

    /// <summary>Null when it was written; else the organisation's status, or an empty text where there is none.</summary>
    /// <param name="tell">Tells of it, in the transaction that writes it.</param>
    public async Task<string?> InsertAsync(
        TenantId tenant,
        Guid id,
        OperatorVisit visit,
        string reason,
        DateTimeOffset now,
        DateTimeOffset expires,
        Func<TenantSession, Task> tell,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var made = await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                id,
                operatorId = visit.OperatorId,
                operatorName = visit.Name,
                operatorMark = visit.Mark,
                reason,
                now,
                expires,
            },
            cancellationToken
        );
        if (made == 0)
        {
            return await session.FindAsync<string>(StatusSql, new { tenant = tenant.Value }, cancellationToken) ?? "";
        }

        await tell(session);
        await session.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>Null when it is over, or was never there.</summary>
    public async Task<OpenAccess?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<OpenAccess>(FindSql, new { tenant = tenant.Value, id }, cancellationToken);
    }

    /// <summary>The organisation's status; null where there is none.</summary>
    public async Task<string?> StatusAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<string>(StatusSql, new { tenant = tenant.Value }, cancellationToken);
    }

    /// <summary>The open access of that operator that lasts longest; null when they have none.</summary>
    public async Task<Guid?> FindOfAsync(
        TenantId tenant,
        OperatorVisit visit,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Guid?>(
            NewestSql,
            new
            {
                tenant = tenant.Value,
                operatorId = visit.OperatorId,
                mark = visit.Mark,
                now,
            },
            cancellationToken
        );
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<AccessRow>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<AccessRow>(
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

    /// <summary>False when there is no such access; ending one that is over changes nothing.</summary>
    /// <param name="by"><c>operator</c> or <c>organization</c>.</param>
    public async Task<bool> EndAsync(
        TenantId tenant,
        Guid id,
        string by,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = tenant.Value,
            id,
            by,
            now,
        };
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (
            await session.ExecuteAsync(EndSql, arguments, cancellationToken) == 0
            && await session.FindAsync<long>(ExistsSql, arguments, cancellationToken) == 0
        )
        {
            return false;
        }

        await session.CommitAsync(cancellationToken);
        return true;
    }

    public async Task CountAsync(TenantId tenant, Guid id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            CountSql,
            new
            {
                tenant = tenant.Value,
                id,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
