using Chancery.Server.Access.SignIn;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access;

/// <summary>The SQL of users and of their memberships across tenants. Safe for concurrent use.</summary>
internal sealed class PeopleStore(TenantDatabase database, Doors doors)
{
    private const string ByEmailSql = "SELECT * FROM door_user_by_email(@email)";

    private const string TenantsSql = """
        SELECT tenant_id AS id, tenant_name AS name, role FROM door_memberships(@userId)
        """;

    private const string IsOwnSql = "SELECT door_is_own_account(@userId, @here)";

    private const string PersonSql = """
        SELECT u.user_id, u.email, u.name, m.role, t.name AS tenant_name, t.plan
        FROM memberships AS m
        JOIN users AS u ON u.user_id = m.user_id
        JOIN tenants AS t ON t.tenant_id = m.tenant_id
        WHERE m.tenant_id = @tenant AND m.user_id = @userId AND m.status = 'active'
        """;

    private const string InsertSql = """
        INSERT INTO users (user_id, email, name, password_hash, made_by, created_at)
        VALUES (@userId, @email, @name, @passwordHash, @tenant, @now)
        """;

    private const string SetPasswordSql = "UPDATE users SET password_hash = @passwordHash WHERE user_id = @userId";

    private const string RenameSql = "UPDATE users SET name = @name WHERE user_id = @userId";

    /// <summary>The index that keeps an e-mail from having two users.</summary>
    public const string EmailIndex = "users_email";

    internal sealed record Credentials(Guid UserId, string PasswordHash);

    private sealed record PersonRow(
        Guid UserId,
        string Email,
        string Name,
        string Role,
        string TenantName,
        string Plan
    );

    public Task<Credentials?> FindByEmailAsync(string email, CancellationToken cancellationToken) =>
        doors.FindAsync<Credentials>(ByEmailSql, new { email }, cancellationToken);

    /// <summary>The organisations of a person who proved to be one, oldest membership first.</summary>
    public Task<IReadOnlyList<TenantView>> TenantsOfAsync(Guid userId, CancellationToken cancellationToken) =>
        doors.QueryAsync<TenantView>(TenantsSql, new { userId }, cancellationToken);

    /// <summary>
    /// Whether somebody's account is this organisation's own to do something about: it came into being here, and its person never
    /// belonged to another one, not even to one that they left or that is suspended.
    /// </summary>
    public async Task<bool> IsOwnAccountAsync(Guid userId, TenantId here, CancellationToken cancellationToken) =>
        await doors.QueryAsync<bool>(IsOwnSql, new { userId, here = here.Value }, cancellationToken) is [true];

    /// <summary>Those of them that this sign-in of theirs may reach.</summary>
    public async Task<IReadOnlyList<TenantView>> TenantsOfAsync(
        Principal principal,
        CancellationToken cancellationToken
    )
    {
        var all = await TenantsOfAsync(principal.UserId, cancellationToken);
        return principal.IsConfined ? [.. all.Where(tenant => tenant.Id == principal.Tenant.Value)] : all;
    }

    /// <summary>An active member of the bound tenant, without a session; <c>null</c> when they are not one.</summary>
    public static async Task<Principal?> FindMemberAsync(
        TenantSession session,
        Guid userId,
        CancellationToken cancellationToken
    )
    {
        var row = await session.FindAsync<PersonRow>(
            PersonSql,
            new { tenant = session.Tenant.Value, userId },
            cancellationToken
        );
        return row is null
            ? null
            : new Principal(
                session.Tenant,
                row.UserId,
                row.UserId,
                SessionId: null,
                row.Role,
                row.Email,
                row.Name,
                row.TenantName,
                row.Plan
            );
    }

    /// <summary>Writes a new user, whose account comes into being in the bound tenant; the session must be bound to them.</summary>
    /// <exception cref="Npgsql.PostgresException">The e-mail is taken (<see cref="EmailIndex"/>).</exception>
    public static Task InsertAsync(
        TenantSession session,
        Guid userId,
        string email,
        string name,
        string passwordHash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = session.Tenant.Value,
                userId,
                email,
                name,
                passwordHash,
                now,
            },
            cancellationToken
        );

    public Task SetPasswordAsync(
        TenantId tenant,
        Guid userId,
        string passwordHash,
        CancellationToken cancellationToken
    ) => UpdateAsync(tenant, userId, SetPasswordSql, new { userId, passwordHash }, cancellationToken);

    /// <summary>The same in a session that is bound to the person; the caller commits.</summary>
    public static Task SetPasswordAsync(
        TenantSession session,
        Guid userId,
        string passwordHash,
        CancellationToken cancellationToken
    ) => session.ExecuteAsync(SetPasswordSql, new { userId, passwordHash }, cancellationToken);

    public Task RenameAsync(TenantId tenant, Guid userId, string name, CancellationToken cancellationToken) =>
        UpdateAsync(tenant, userId, RenameSql, new { userId, name }, cancellationToken);

    /// <summary>The same in a session that is bound to the person; the caller commits.</summary>
    public static Task RenameAsync(
        TenantSession session,
        Guid userId,
        string name,
        CancellationToken cancellationToken
    ) => session.ExecuteAsync(RenameSql, new { userId, name }, cancellationToken);

    private async Task UpdateAsync(
        TenantId tenant,
        Guid userId,
        string sql,
        object arguments,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, userId, cancellationToken);
        await session.ExecuteAsync(sql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
