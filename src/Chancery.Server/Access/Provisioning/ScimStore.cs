using Chancery.Server.Access.Invitations;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Provisioning;

/// <summary>The SQL of what an organisation's directory says. Every method works in a session of the caller's.</summary>
internal static class ScimStore
{
    /// <summary>The most that a filter is held against.</summary>
    public const int Most = 50_000;

    // Changes by the directory wait for each other, so that two of them do not both keep the last owner, or make one name twice.
    private const string LockSql =
        "SELECT pg_advisory_xact_lock(hashtextextended('chancery.scim/' || @tenant::text, 0))";

    private const string UserColumnsSql = """
        SELECT m.user_id, u.email, u.name, m.role, m.status, p.user_name, p.external_id, p.attributes::text AS attributes,
               m.created_at, coalesce(p.updated_at, m.created_at) AS updated_at
        FROM memberships AS m
        JOIN users AS u ON u.user_id = m.user_id
        LEFT JOIN provisioned_users AS p ON p.tenant_id = m.tenant_id AND p.user_id = m.user_id
        WHERE m.tenant_id = @tenant AND m.status <> 'removed'

        """;

    private const string FindUserSql = UserColumnsSql + "AND m.user_id = @id";

    private const string ListUsersSql =
        UserColumnsSql
        + """
            AND (@name::text IS NULL OR lower(coalesce(p.user_name, u.email)) = lower(@name))
            AND (@external::text IS NULL OR p.external_id = @external)
            ORDER BY m.created_at, m.user_id
            LIMIT @most OFFSET @skip
            """;

    private const string CountUsersSql = """
        SELECT count(*)::int FROM memberships WHERE tenant_id = @tenant AND status <> 'removed'
        """;

    private const string GroupsOfSql = """
        SELECT gm.member_id AS user_id, g.group_id AS id, g.name
        FROM group_members AS gm JOIN groups AS g ON g.tenant_id = gm.tenant_id AND g.group_id = gm.group_id
        WHERE gm.tenant_id = @tenant AND gm.member_id = ANY (@users)
        ORDER BY gm.member_id, g.name, g.group_id
        """;

    private const string KeepUserSql = """
        INSERT INTO provisioned_users (tenant_id, user_id, user_name, external_id, attributes, created_at, updated_at)
        VALUES (@tenant, @id, @name, @external, @attributes::jsonb, @now, @now)
        ON CONFLICT (tenant_id, user_id) DO UPDATE
        SET user_name = excluded.user_name, external_id = excluded.external_id, attributes = excluded.attributes,
            updated_at = excluded.updated_at
        """;

    private const string ForgetUserSql = """
        DELETE FROM provisioned_users WHERE tenant_id = @tenant AND user_id = @id
        """;

    private const string NameTakenSql = """
        SELECT count(*)::int
        FROM memberships AS m
        JOIN users AS u ON u.user_id = m.user_id
        LEFT JOIN provisioned_users AS p ON p.tenant_id = m.tenant_id AND p.user_id = m.user_id
        WHERE m.tenant_id = @tenant AND m.status <> 'removed' AND m.user_id <> @id
          AND lower(coalesce(p.user_name, u.email)) = lower(@name)
        """;

    private const string StatusSql = """
        UPDATE memberships SET status = @status WHERE tenant_id = @tenant AND user_id = @id AND status <> 'removed'
        """;

    private const string OwnersSql = """
        SELECT user_id FROM memberships
        WHERE tenant_id = @tenant AND status = 'active' AND role = 'owner'
        ORDER BY user_id
        FOR UPDATE
        """;

    private const string RoleSourcesSql = """
        SELECT p.attributes::text AS attributes,
               (SELECT array_agg(DISTINCT g.role) FROM provisioned_groups AS g
                JOIN group_members AS gm ON gm.tenant_id = g.tenant_id AND gm.group_id = g.group_id
                WHERE g.tenant_id = @tenant AND gm.member_id = @id AND g.role IS NOT NULL) AS roles,
               EXISTS (SELECT 1 FROM provisioned_groups AS g
                       WHERE g.tenant_id = @tenant AND g.role IS NOT NULL) AS groups_decide
        FROM provisioned_users AS p
        WHERE p.tenant_id = @tenant AND p.user_id = @id
        """;

    private const string ProvisionedSql = """
        SELECT user_id FROM provisioned_users WHERE tenant_id = @tenant ORDER BY user_id
        """;

    private const string SetRoleSql = """
        UPDATE memberships SET role = @role
        WHERE tenant_id = @tenant AND user_id = @id AND status <> 'removed' AND role NOT IN ('owner', @role)
        """;

    private const string GroupColumnsSql = """
        SELECT g.group_id, g.name, p.external_id, p.role, g.created_at, coalesce(p.updated_at, g.created_at) AS updated_at
        FROM groups AS g
        LEFT JOIN provisioned_groups AS p ON p.tenant_id = g.tenant_id AND p.group_id = g.group_id
        WHERE g.tenant_id = @tenant

        """;

    private const string FindGroupSql = GroupColumnsSql + "AND g.group_id = @id";

    private const string ListGroupsSql = GroupColumnsSql + "ORDER BY g.created_at, g.group_id LIMIT @most";

    private const string MembersSql = """
        SELECT gm.group_id, u.user_id AS id, u.name
        FROM group_members AS gm
        JOIN memberships AS m ON m.tenant_id = gm.tenant_id AND m.user_id = gm.member_id AND m.status <> 'removed'
        JOIN users AS u ON u.user_id = gm.member_id
        WHERE gm.tenant_id = @tenant AND gm.group_id = ANY (@groups)
        ORDER BY gm.group_id, gm.added_at, u.user_id
        """;

    private const string InsertGroupSql = """
        INSERT INTO groups (tenant_id, group_id, name, created_by, created_at) VALUES (@tenant, @id, @name, @by, @now)
        """;

    private const string RenameGroupSql = "UPDATE groups SET name = @name WHERE tenant_id = @tenant AND group_id = @id";

    private const string KeepGroupSql = """
        INSERT INTO provisioned_groups (tenant_id, group_id, external_id, updated_at)
        VALUES (@tenant, @id, @external, @now)
        ON CONFLICT (tenant_id, group_id) DO UPDATE
        SET external_id = excluded.external_id, updated_at = excluded.updated_at
        """;

    private const string GroupRoleSql = """
        INSERT INTO provisioned_groups (tenant_id, group_id, role, updated_at)
        VALUES (@tenant, @id, @role, @now)
        ON CONFLICT (tenant_id, group_id) DO UPDATE SET role = excluded.role, updated_at = excluded.updated_at
        """;

    private const string AddMembersSql = """
        INSERT INTO group_members (tenant_id, group_id, member_id, added_by, added_at)
        SELECT @tenant, @id, m.user_id, @by, @now
        FROM memberships AS m
        WHERE m.tenant_id = @tenant AND m.user_id = ANY (@users) AND m.status <> 'removed'
        ON CONFLICT DO NOTHING
        """;

    private const string RemoveMembersSql = """
        DELETE FROM group_members WHERE tenant_id = @tenant AND group_id = @id AND member_id = ANY (@users)
        """;

    private const string DeleteGroupSql = "DELETE FROM groups WHERE tenant_id = @tenant AND group_id = @id";

    private const string KnownMembersSql = """
        SELECT user_id FROM memberships WHERE tenant_id = @tenant AND user_id = ANY (@users) AND status <> 'removed'
        """;

    private sealed record GroupOfRow(Guid UserId, Guid Id, string Name);

    private sealed record MemberRow(Guid GroupId, Guid Id, string Name);

    private sealed record RoleSources
    {
        public required string Attributes { get; init; }
        public string[]? Roles { get; init; }
        public required bool GroupsDecide { get; init; }
    }

    public static Task LockAsync(TenantSession session, CancellationToken cancel) =>
        session.ExecuteAsync(LockSql, new { tenant = session.Tenant.Value }, cancel);

    public static Task<ScimUserRow?> FindUserAsync(TenantSession session, Guid id, CancellationToken cancel) =>
        session.FindAsync<ScimUserRow>(FindUserSql, new { tenant = session.Tenant.Value, id }, cancel);

    public static Task<IReadOnlyList<ScimUserRow>> UsersAsync(
        TenantSession session,
        string? name,
        string? external,
        int most,
        int skip,
        CancellationToken cancel
    ) =>
        session.QueryAsync<ScimUserRow>(
            ListUsersSql,
            new
            {
                tenant = session.Tenant.Value,
                name,
                external,
                most,
                skip,
            },
            cancel
        );

    public static Task<int> CountUsersAsync(TenantSession session, CancellationToken cancel) =>
        session.FindAsync<int>(CountUsersSql, new { tenant = session.Tenant.Value }, cancel);

    public static async Task<ILookup<Guid, (Guid Id, string Name)>> GroupsOfAsync(
        TenantSession session,
        Guid[] users,
        CancellationToken cancel
    ) =>
        (
            await session.QueryAsync<GroupOfRow>(GroupsOfSql, new { tenant = session.Tenant.Value, users }, cancel)
        ).ToLookup(row => row.UserId, row => (row.Id, row.Name));

    public static async Task<bool> IsNameTakenAsync(
        TenantSession session,
        Guid id,
        string name,
        CancellationToken cancel
    ) =>
        await session.FindAsync<int>(
            NameTakenSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                name,
            },
            cancel
        ) > 0;

    public static Task KeepUserAsync(
        TenantSession session,
        Guid id,
        string name,
        string? external,
        string attributes,
        DateTimeOffset now,
        CancellationToken cancel
    ) =>
        session.ExecuteAsync(
            KeepUserSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                name,
                external,
                attributes,
                now,
            },
            cancel
        );

    public static Task ForgetUserAsync(TenantSession session, Guid id, CancellationToken cancel) =>
        session.ExecuteAsync(ForgetUserSql, new { tenant = session.Tenant.Value, id }, cancel);

    public static Task SetStatusAsync(TenantSession session, Guid id, string status, CancellationToken cancel) =>
        session.ExecuteAsync(
            StatusSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                status,
            },
            cancel
        );

    /// <summary>Whether somebody is the only owner who is active; others cannot become so before the transaction ends.</summary>
    public static async Task<bool> IsLastOwnerAsync(TenantSession session, Guid id, CancellationToken cancel)
    {
        var owners = await session.QueryAsync<Guid>(OwnersSql, new { tenant = session.Tenant.Value }, cancel);
        return owners.Count == 1 && owners[0] == id;
    }

    /// <summary>Gives a member the role that their <c>roles</c> or groups say; whether it is another than before.</summary>
    /// <remarks>Invitations of somebody who may invite no more are taken back.</remarks>
    public static async Task<bool> SettleRoleAsync(
        TenantSession session,
        Guid id,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var arguments = new { tenant = session.Tenant.Value, id };
        if (await session.FindAsync<RoleSources>(RoleSourcesSql, arguments, cancel) is not { } sources)
        {
            return false;
        }

        var user = (System.Text.Json.Nodes.JsonObject)
            System.Text.Json.Nodes.JsonNode.Parse(sources.Attributes, ScimName.AnyCase)!;
        var own = ScimResource.RoleOf(user);
        if (own is null && !sources.GroupsDecide)
        {
            return false;
        }

        var role = (sources.Roles ?? []).Aggregate(
            own ?? Role.Viewer,
            (best, one) => Role.IsAtMost(one, best) ? best : one
        );
        var isChanged =
            await session.ExecuteAsync(
                SetRoleSql,
                new
                {
                    tenant = session.Tenant.Value,
                    id,
                    role,
                },
                cancel
            ) == 1;
        if (isChanged && !Permission.Of(role).Contains(Permission.MembersManage))
        {
            await InvitationStore.RevokeOfUserAsync(session, id, now, cancel);
        }

        return isChanged;
    }

    /// <summary>Everybody whom the directory provisioned.</summary>
    public static Task<IReadOnlyList<Guid>> ProvisionedAsync(TenantSession session, CancellationToken cancel) =>
        session.QueryAsync<Guid>(ProvisionedSql, new { tenant = session.Tenant.Value }, cancel);

    public static Task<ScimGroupRow?> FindGroupAsync(TenantSession session, Guid id, CancellationToken cancel) =>
        session.FindAsync<ScimGroupRow>(FindGroupSql, new { tenant = session.Tenant.Value, id }, cancel);

    public static Task<IReadOnlyList<ScimGroupRow>> GroupsAsync(TenantSession session, CancellationToken cancel) =>
        session.QueryAsync<ScimGroupRow>(ListGroupsSql, new { tenant = session.Tenant.Value, most = Most }, cancel);

    public static async Task<ILookup<Guid, (Guid Id, string Name)>> MembersAsync(
        TenantSession session,
        Guid[] groups,
        CancellationToken cancel
    ) =>
        (
            await session.QueryAsync<MemberRow>(MembersSql, new { tenant = session.Tenant.Value, groups }, cancel)
        ).ToLookup(row => row.GroupId, row => (row.Id, row.Name));

    public static Task InsertGroupAsync(
        TenantSession session,
        Guid id,
        string name,
        Guid by,
        DateTimeOffset now,
        CancellationToken cancel
    ) =>
        session.ExecuteAsync(
            InsertGroupSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                name,
                by,
                now,
            },
            cancel
        );

    public static Task RenameGroupAsync(TenantSession session, Guid id, string name, CancellationToken cancel) =>
        session.ExecuteAsync(
            RenameGroupSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                name,
            },
            cancel
        );

    public static Task KeepGroupAsync(
        TenantSession session,
        Guid id,
        string? external,
        DateTimeOffset now,
        CancellationToken cancel
    ) =>
        session.ExecuteAsync(
            KeepGroupSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                external,
                now,
            },
            cancel
        );

    public static Task SetGroupRoleAsync(
        TenantSession session,
        Guid id,
        string? role,
        DateTimeOffset now,
        CancellationToken cancel
    ) =>
        session.ExecuteAsync(
            GroupRoleSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                role,
                now,
            },
            cancel
        );

    public static Task AddMembersAsync(
        TenantSession session,
        Guid id,
        Guid[] users,
        Guid by,
        DateTimeOffset now,
        CancellationToken cancel
    ) =>
        session.ExecuteAsync(
            AddMembersSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                users,
                by,
                now,
            },
            cancel
        );

    public static Task RemoveMembersAsync(TenantSession session, Guid id, Guid[] users, CancellationToken cancel) =>
        session.ExecuteAsync(
            RemoveMembersSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                users,
            },
            cancel
        );

    public static async Task<bool> DeleteGroupAsync(TenantSession session, Guid id, CancellationToken cancel) =>
        await session.ExecuteAsync(DeleteGroupSql, new { tenant = session.Tenant.Value, id }, cancel) == 1;

    public static async Task<IReadOnlySet<Guid>> KnownAsync(
        TenantSession session,
        Guid[] users,
        CancellationToken cancel
    ) =>
        (
            await session.QueryAsync<Guid>(KnownMembersSql, new { tenant = session.Tenant.Value, users }, cancel)
        ).ToHashSet();
}
