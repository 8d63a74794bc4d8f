using Chancery.Server.Access.Lists;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Npgsql;

namespace Chancery.Server.Access.Groups;

/// <summary>A named set of people and service accounts, for lists of who may read something.</summary>
public sealed record Group
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }

    /// <summary>How many.</summary>
    public required int Members { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Somebody in a group.</summary>
/// <param name="Email">Empty for a service account.</param>
public sealed record GroupMember(
    Guid Id,
    [property: OneOf("MemberKind", ReaderKind.Person, ReaderKind.ServiceAccount)] string Kind,
    string Name,
    string Email,
    DateTimeOffset AddedAt
);

/// <summary>What a change of a group can end in, apart from a fault.</summary>
internal enum GroupChange
{
    Done,
    NotFound,
    NameTaken,

    /// <summary>Neither a member of the organisation nor one of its service accounts.</summary>
    NoSuchMember,
}

/// <summary>The SQL of groups. Safe for concurrent use.</summary>
internal sealed class GroupStore(TenantDatabase database, IEnumerable<IReadersChanged> listeners, TimeProvider time)
{
    private const string ColumnsSql = """
        SELECT g.group_id AS id, g.name, g.created_at,
               (SELECT count(*)::int FROM group_members AS m
                WHERE m.tenant_id = g.tenant_id AND m.group_id = g.group_id) AS members
        FROM groups AS g
        WHERE g.tenant_id = @tenant

        """;

    private const string ListSql =
        ColumnsSql + "AND (@after::uuid IS NULL OR g.group_id > @after) ORDER BY g.group_id LIMIT @most";

    private const string FindSql = ColumnsSql + "AND g.group_id = @id";

    private const string InsertSql = """
        INSERT INTO groups (tenant_id, group_id, name, created_by, created_at)
        VALUES (@tenant, @id, @name, @by, @now)
        """;

    private const string RenameSql = "UPDATE groups SET name = @name WHERE tenant_id = @tenant AND group_id = @id";

    private const string DeleteSql = "DELETE FROM groups WHERE tenant_id = @tenant AND group_id = @id";

    private const string LockSql = """
        SELECT group_id FROM groups WHERE tenant_id = @tenant AND group_id = @id FOR SHARE
        """;

    private const string MembersSql = """
        SELECT m.member_id AS id, CASE WHEN a.account_id IS NULL THEN 'person' ELSE 'service_account' END AS kind,
               coalesce(u.name, a.name) AS name, coalesce(u.email, '') AS email, m.added_at
        FROM group_members AS m
        LEFT JOIN users AS u ON u.user_id = m.member_id
        LEFT JOIN service_accounts AS a ON a.tenant_id = m.tenant_id AND a.account_id = m.member_id
        WHERE m.tenant_id = @tenant AND m.group_id = @id AND (@after::uuid IS NULL OR m.member_id > @after)
          AND coalesce(u.user_id, a.account_id) IS NOT NULL
        ORDER BY m.member_id
        LIMIT @most
        """;

    // Held until the end, so that whoever is being removed at this moment does not stay in the group.
    private const string HoldPersonSql = """
        SELECT user_id FROM memberships
        WHERE tenant_id = @tenant AND user_id = @member AND status = 'active'
        FOR SHARE
        """;

    private const string HoldAccountSql = """
        SELECT account_id FROM service_accounts WHERE tenant_id = @tenant AND account_id = @member FOR SHARE
        """;

    private const string AddSql = """
        INSERT INTO group_members (tenant_id, group_id, member_id, added_by, added_at)
        VALUES (@tenant, @id, @member, @by, @now)
        ON CONFLICT DO NOTHING
        """;

    private const string RemoveSql = """
        DELETE FROM group_members WHERE tenant_id = @tenant AND group_id = @id AND member_id = @member
        """;

    public async Task<IReadOnlyList<Group>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<Group>(
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

    public async Task<Group?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Group>(FindSql, new { tenant = tenant.Value, id }, cancellationToken);
    }

    /// <summary>Null when there is no such group.</summary>
    public async Task<IReadOnlyList<GroupMember>?> MembersAsync(
        TenantId tenant,
        Guid id,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var arguments = new
        {
            tenant = tenant.Value,
            id,
            after,
            most,
        };
        return await session.FindAsync<Group>(FindSql, arguments, cancellationToken) is null
            ? null
            : await session.QueryAsync<GroupMember>(MembersSql, arguments, cancellationToken);
    }

    /// <summary>Null when the name is taken.</summary>
    public async Task<Group?> CreateAsync(Principal by, string name, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var arguments = new
        {
            tenant = by.Tenant.Value,
            id = Guid.CreateVersion7(now),
            name,
            by = by.UserId,
            now,
        };
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        try
        {
            await session.ExecuteAsync(InsertSql, arguments, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return null;
        }

        await session.CommitAsync(cancellationToken);
        return new Group
        {
            Id = arguments.id,
            Name = name,
            Members = 0,
            CreatedAt = now,
        };
    }

    public async Task<GroupChange> RenameAsync(
        TenantId tenant,
        Guid id,
        string name,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        try
        {
            var renamed = await session.ExecuteAsync(
                RenameSql,
                new
                {
                    tenant = tenant.Value,
                    id,
                    name,
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
            return renamed == 1 ? GroupChange.Done : GroupChange.NotFound;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return GroupChange.NameTaken;
        }
    }

    /// <summary>What only the group could read is left to owners and admins.</summary>
    public async Task<GroupChange> DeleteAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (await session.ExecuteAsync(DeleteSql, new { tenant = tenant.Value, id }, cancellationToken) == 0)
        {
            return GroupChange.NotFound;
        }

        await AccessLists.RemoveReaderAsync(session, id, cancellationToken);
        await EndAsync(session, cancellationToken);
        return GroupChange.Done;
    }

    /// <summary>Adding somebody who is in it already changes nothing.</summary>
    public async Task<GroupChange> AddAsync(Principal by, Guid id, Guid member, CancellationToken cancellationToken)
    {
        var arguments = new
        {
            tenant = by.Tenant.Value,
            id,
            member,
            by = by.UserId,
            now = time.GetUtcNow(),
        };
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        if (await session.FindAsync<Guid?>(LockSql, arguments, cancellationToken) is null)
        {
            return GroupChange.NotFound;
        }

        if (
            await session.FindAsync<Guid?>(HoldPersonSql, arguments, cancellationToken) is null
            && await session.FindAsync<Guid?>(HoldAccountSql, arguments, cancellationToken) is null
        )
        {
            return GroupChange.NoSuchMember;
        }

        if (await session.ExecuteAsync(AddSql, arguments, cancellationToken) == 1)
        {
            await EndAsync(session, cancellationToken);
        }

        return GroupChange.Done;
    }

    public async Task<GroupChange> RemoveAsync(
        TenantId tenant,
        Guid id,
        Guid member,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var arguments = new
        {
            tenant = tenant.Value,
            id,
            member,
        };
        if (await session.FindAsync<Guid?>(LockSql, arguments, cancellationToken) is null)
        {
            return GroupChange.NotFound;
        }

        if (await session.ExecuteAsync(RemoveSql, arguments, cancellationToken) == 0)
        {
            return GroupChange.NoSuchMember;
        }

        await EndAsync(session, cancellationToken);
        return GroupChange.Done;
    }

    private async Task EndAsync(TenantSession session, CancellationToken cancellationToken)
    {
        foreach (var listener in listeners)
        {
            await listener.ChangedAsync(session, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
    }
}
