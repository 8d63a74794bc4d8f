using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.SignUp;

/// <summary>The SQL of making a tenant. Safe for concurrent use.</summary>
internal sealed class SignUpStore(Doors doors)
{
    private const string IsEmptySql = "SELECT door_is_empty() AS is_empty";

    // Two people who sign up first at the same moment wait for each other, so that one is first.
    private const string LockSql = "SELECT pg_advisory_xact_lock(hashtext('chancery.first-tenant'))";

    private const string InsertSql = """
        INSERT INTO tenants (tenant_id, name, plan, wrapped_key, created_at)
        VALUES (@tenant, @name, @plan, @wrappedKey, @now);
        INSERT INTO memberships (tenant_id, user_id, role, created_at)
        VALUES (@tenant, @userId, 'owner', @now)
        """;

    private sealed record EmptyRow(bool IsEmpty);

    public async Task<bool> IsInstallationEmptyAsync(CancellationToken cancellationToken) =>
        await doors.FindAsync<EmptyRow>(IsEmptySql, null, cancellationToken) is { IsEmpty: true };

    /// <summary>Whether the tenant that this session makes is the installation's first.</summary>
    public static async Task<bool> IsFirstAsync(TenantSession session, CancellationToken cancellationToken)
    {
        if (await session.FindAsync<EmptyRow>(IsEmptySql, null, cancellationToken) is not { IsEmpty: true })
        {
            return false;
        }

        await session.ExecuteAsync(LockSql, null, cancellationToken);
        return await session.FindAsync<EmptyRow>(IsEmptySql, null, cancellationToken) is { IsEmpty: true };
    }

    public static Task InsertTenantAsync(
        TenantSession session,
        Principal owner,
        byte[] wrappedKey,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = owner.Tenant.Value,
                name = owner.TenantName,
                plan = owner.Plan,
                wrappedKey,
                now,
                userId = owner.UserId,
            },
            cancellationToken
        );
}
