using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.Keys;
using Chancery.Server.Access.Lists;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Members;

/// <summary>What changing or removing a member ends in.</summary>
internal enum MemberChange
{
    Done,
    NotFound,

    /// <summary>An organisation always has an owner.</summary>
    LastOwner,

    /// <summary>Only owners make, change or remove owners.</summary>
    OwnersOnly,
}

/// <summary>The SQL of memberships. Safe for concurrent use.</summary>
internal sealed class MemberStore(
    TenantDatabase database,
    IEnumerable<IMemberRemoved> removed,
    IEnumerable<IReadersChanged> listeners,
    TimeProvider time
)
{
    private const string ListSql = """
        SELECT m.user_id, u.email, u.name, m.role, m.created_at
        FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
        WHERE m.tenant_id = @tenant AND m.status = 'active' AND (@after::uuid IS NULL OR m.user_id > @after)
        ORDER BY m.user_id
        LIMIT @most
        """;

    private const string FindSql = """
        SELECT m.user_id, u.email, u.name, m.role, m.created_at
        FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
        WHERE m.tenant_id = @tenant AND m.status <> 'removed' AND m.user_id = @userId
        """;

    // Whoever changes a membership waits for the others who do, so that two owners cannot remove each other.
    private const string LockSql = """
        SELECT user_id, role
        FROM memberships
        WHERE tenant_id = @tenant
          AND ((status = 'active' AND role = 'owner') OR (status <> 'removed' AND user_id = @userId))
        ORDER BY user_id
        FOR UPDATE
        """;

    // Whoever writes something of a member down holds the membership until it is written: removal waits, and then finds it.
    private const string HoldSql = """
        SELECT user_id FROM memberships
        WHERE tenant_id = @tenant AND status = 'active' AND user_id = ANY (@users)
        ORDER BY user_id
        FOR SHARE
        """;

    private const string HasSql = """
        SELECT count(*)::int FROM memberships WHERE tenant_id = @tenant AND user_id = @userId AND status = 'active'
        """;

    private const string SetRoleSql = """
        UPDATE memberships SET role = @role WHERE tenant_id = @tenant AND user_id = @userId
        """;

    private const string RemoveSql = """
        UPDATE memberships SET status = 'removed' WHERE tenant_id = @tenant AND user_id = @userId
        """;

    private const string JoinSql = """
        INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES (@tenant, @userId, @role, @now)
        ON CONFLICT (tenant_id, user_id) DO UPDATE
        SET status = 'active', role = excluded.role, created_at = excluded.created_at
        WHERE memberships.status <> 'active'
        """;

    internal sealed record MemberRow(Guid UserId, string Email, string Name, string Role, DateTimeOffset CreatedAt);

    private sealed record LockedRow(Guid UserId, string Role);

    public async Task<IReadOnlyList<MemberRow>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<MemberRow>(
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

    /// <summary>Whether somebody is a member now.</summary>
    public async Task<bool> HasAsync(TenantId tenant, Guid userId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<int>(HasSql, new { tenant = tenant.Value, userId }, cancellationToken) > 0;
    }

    public async Task<(MemberChange Change, MemberRow? Member)> SetRoleAsync(
        Principal by,
        Guid userId,
        string role,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = by.Tenant.Value,
            userId,
            role,
        };
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        var change = await JudgeAsync(session, by, userId, role, cancellationToken);
        if (change != MemberChange.Done)
        {
            return (change, null);
        }

        await session.ExecuteAsync(SetRoleSql, arguments, cancellationToken);
        if (!Permission.Of(role).Contains(Permission.MembersManage))
        {
            await InvitationStore.RevokeOfUserAsync(session, userId, time.GetUtcNow(), cancellationToken);
        }

        var member = await session.FindAsync<MemberRow>(FindSql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return (change, member);
    }

    /// <summary>
    /// Ends a membership with its sessions, and the keys and invitations that the person made here; and what
    /// <see cref="IMemberRemoved"/> erases.
    /// </summary>
    /// <returns>With the sessions that ended.</returns>
    public async Task<(MemberChange Change, IReadOnlyList<Guid> Ended)> RemoveAsync(
        Principal by,
        Guid userId,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        var change = await JudgeAsync(session, by, userId, newRole: null, cancellationToken);
        if (change != MemberChange.Done)
        {
            return (change, []);
        }

        await session.ExecuteAsync(RemoveSql, new { tenant = by.Tenant.Value, userId }, cancellationToken);
        var ended = await SessionStore.RevokeOfUserAsync(session, userId, except: null, now, cancellationToken);
        await ApiKeyStore.RevokeOfUserAsync(session, userId, now, cancellationToken);
        await InvitationStore.RevokeOfUserAsync(session, userId, now, cancellationToken);
        foreach (var capability in removed)
        {
            await capability.RemovedAsync(session, userId, cancellationToken);
        }

        // Whoever comes back begins anew, in no group and on no list.
        await AccessLists.RemoveReaderAsync(session, userId, cancellationToken);
        foreach (var listener in listeners)
        {
            await listener.ChangedAsync(session, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return (change, ended);
    }

    /// <summary>Who of these is a member; nobody removes them before the transaction ends.</summary>
    public static async Task<IReadOnlySet<Guid>> HoldAsync(
        TenantSession session,
        Guid[] users,
        CancellationToken cancellationToken
    ) =>
        (
            await session.QueryAsync<Guid>(HoldSql, new { tenant = session.Tenant.Value, users }, cancellationToken)
        ).ToHashSet();

    /// <summary>Makes somebody a member of the bound tenant; <c>false</c> when they are one already.</summary>
    public static async Task<bool> JoinAsync(
        TenantSession session,
        Guid userId,
        string role,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            JoinSql,
            new
            {
                tenant = session.Tenant.Value,
                userId,
                role,
                now,
            },
            cancellationToken
        ) == 1;

    private static async Task<MemberChange> JudgeAsync(
        TenantSession session,
        Principal by,
        Guid userId,
        string? newRole,
        CancellationToken cancellationToken
    )
    {
        var locked = await session.QueryAsync<LockedRow>(
            LockSql,
            new { tenant = session.Tenant.Value, userId },
            cancellationToken
        );
        if (locked.FirstOrDefault(row => row.UserId == userId) is not { } member)
        {
            return MemberChange.NotFound;
        }

        if (by.Role != Role.Owner && (member.Role == Role.Owner || newRole == Role.Owner))
        {
            return MemberChange.OwnersOnly;
        }

        return member.Role == Role.Owner && newRole != Role.Owner && locked.Count(row => row.Role == Role.Owner) == 1
            ? MemberChange.LastOwner
            : MemberChange.Done;
    }
}
