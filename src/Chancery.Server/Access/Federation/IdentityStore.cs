using Chancery.Server.Platform.Database;
using Dapper;
using Npgsql;

namespace Chancery.Server.Access.Federation;

/// <summary>The SQL of whom an issuer's subjects are here. Safe for concurrent use.</summary>
internal sealed class IdentityStore(NpgsqlDataSource source, Doors doors) : IMemberRemoved
{
    private const string FindSql = "SELECT * FROM door_federated_identity(@issuer, @subject)";

    private const string LinkSql = """
        INSERT INTO federated_identities (tenant_id, issuer_key, subject, user_id, created_at, last_used_at)
        VALUES (@tenant, @issuer, @subject, @userId, @now, @now)
        ON CONFLICT (tenant_id, issuer_key, subject) DO UPDATE SET last_used_at = excluded.last_used_at
        WHERE federated_identities.user_id = excluded.user_id
        """;

    private const string StatusSql = """
        SELECT status FROM memberships WHERE tenant_id = @tenant AND user_id = @userId
        """;

    private const string OpenSql = """
        SELECT count(*)::int FROM tenants WHERE tenant_id = @tenant AND status = 'active'
        """;

    private const string RoleSql = """
        UPDATE memberships SET role = @role
        WHERE tenant_id = @tenant AND user_id = @userId AND status = 'active' AND role NOT IN ('owner', @role)
        """;

    private const string RemoveSql = """
        DELETE FROM federated_identities WHERE tenant_id = @tenant AND user_id = @userId
        """;

    private const string ForgetStatesSql = """
        DELETE FROM federation_states
        WHERE state_hash IN (SELECT state_hash FROM federation_states WHERE expires_at < @now ORDER BY state_hash LIMIT 100)
        """;

    private const string UseStateSql = """
        INSERT INTO federation_states (state_hash, expires_at) VALUES (@hash, @expiresAt) ON CONFLICT DO NOTHING
        """;

    /// <summary>Whom a subject is, in one organisation.</summary>
    internal sealed record Link(Guid TenantId, Guid UserId);

    /// <summary>Whom a subject is, in the order in which it was linked.</summary>
    public Task<IReadOnlyList<Link>> FindAsync(string issuer, string subject, CancellationToken cancellationToken) =>
        doors.QueryAsync<Link>(FindSql, new { issuer, subject }, cancellationToken);

    /// <summary>Links a subject in the bound tenant; <c>false</c> when it is somebody else there already.</summary>
    public static async Task<bool> LinkAsync(
        TenantSession session,
        string issuer,
        string subject,
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            LinkSql,
            new
            {
                tenant = session.Tenant.Value,
                issuer,
                subject,
                userId,
                now,
            },
            cancellationToken
        ) == 1;

    /// <summary>Whether the bound tenant exists and is not suspended.</summary>
    public static async Task<bool> IsOpenAsync(TenantSession session, CancellationToken cancellationToken) =>
        await session.FindAsync<int>(OpenSql, new { tenant = session.Tenant.Value }, cancellationToken) == 1;

    /// <summary>What somebody is in the bound tenant: active, inactive, removed; <c>null</c> for one who never was in it.</summary>
    public static Task<string?> StatusAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.FindAsync<string>(StatusSql, new { tenant = session.Tenant.Value, userId }, cancellationToken);

    /// <summary>Gives a member the role that their issuer says; owners keep theirs. Whether it is another than before.</summary>
    public static async Task<bool> SetRoleAsync(
        TenantSession session,
        Guid userId,
        string role,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            RoleSql,
            new
            {
                tenant = session.Tenant.Value,
                userId,
                role,
            },
            cancellationToken
        ) == 1;

    public Task RemovedAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(RemoveSql, new { tenant = session.Tenant.Value, userId }, cancellationToken);

    /// <summary>Uses the state of a sign-in up; <c>false</c> when it came back before.</summary>
    public async Task<bool> UseStateAsync(
        byte[] hash,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(ForgetStatesSql, new { now }, cancellationToken: cancellationToken)
        );
        return await connection.ExecuteAsync(
                new CommandDefinition(UseStateSql, new { hash, expiresAt }, cancellationToken: cancellationToken)
            ) == 1;
    }
}
