using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Invitations;

/// <summary>The SQL of invitations. Safe for concurrent use.</summary>
internal sealed class InvitationStore(TenantDatabase database, Doors doors)
{
    /// <summary>One organisation for each call of an operator.</summary>
    public const string CallIndex = "invitations_by_call";

    private const string FindSql = "SELECT * FROM door_invitation(@hash)";

    private const string IsMemberSql = """
        SELECT u.user_id
        FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
        WHERE m.tenant_id = @tenant AND m.status <> 'removed' AND lower(u.email) = @email
        """;

    // A second invitation takes the first one's place.
    private const string ReplaceSql = """
        UPDATE invitations SET revoked_at = @now
        WHERE tenant_id = @tenant AND email = @email AND accepted_at IS NULL AND revoked_at IS NULL
        """;

    private const string InsertSql = """
        INSERT INTO invitations
          (tenant_id, invitation_id, email, role, token_hash, invited_by, created_at, expires_at)
        VALUES (@tenant, @id, @email, @role, @hash, @invitedBy, @now, @expiresAt)
        """;

    private const string ReplaceOfOwnerSql = """
        UPDATE invitations SET revoked_at = @now
        WHERE tenant_id = @tenant AND role = 'owner' AND accepted_at IS NULL AND revoked_at IS NULL
        """;

    private const string InsertOfOwnerSql = """
        INSERT INTO invitations
          (tenant_id, invitation_id, email, role, token_hash, created_at, expires_at, call_hash)
        VALUES (@tenant, @id, @email, 'owner', @hash, @now, @expiresAt, @call)
        """;

    private const string ListSql = """
        SELECT invitation_id, email, role, invited_by, created_at, expires_at
        FROM invitations
        WHERE tenant_id = @tenant AND accepted_at IS NULL AND revoked_at IS NULL
          AND (@after::uuid IS NULL OR invitation_id > @after)
        ORDER BY invitation_id
        LIMIT @most
        """;

    private const string RevokeSql = """
        UPDATE invitations SET revoked_at = @now
        WHERE tenant_id = @tenant AND invitation_id = @id AND accepted_at IS NULL AND revoked_at IS NULL
        """;

    private const string RevokeOfUserSql = """
        UPDATE invitations SET revoked_at = @now
        WHERE tenant_id = @tenant AND invited_by = @userId AND accepted_at IS NULL AND revoked_at IS NULL
        """;

    private const string RevokeToSql = """
        UPDATE invitations SET revoked_at = @now
        WHERE tenant_id = @tenant AND email = lower(@email) AND accepted_at IS NULL AND revoked_at IS NULL
        """;

    private const string AcceptSql = """
        UPDATE invitations SET accepted_at = @now
        WHERE tenant_id = @tenant AND invitation_id = @id AND accepted_at IS NULL AND revoked_at IS NULL
        """;

    internal sealed record OpenInvitation(
        Guid TenantId,
        Guid InvitationId,
        string Email,
        string Role,
        string TenantName,
        DateTimeOffset ExpiresAt
    );

    internal sealed record InvitationRow(
        Guid InvitationId,
        string Email,
        string Role,
        Guid? InvitedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset ExpiresAt
    );

    private sealed record MemberRow(Guid UserId);

    public Task<OpenInvitation?> FindAsync(byte[] hash, CancellationToken cancellationToken) =>
        doors.FindAsync<OpenInvitation>(FindSql, new { hash }, cancellationToken);

    /// <summary>Writes an invitation; <c>false</c> when the e-mail belongs to a member already.</summary>
    public async Task<bool> InsertAsync(
        Principal by,
        InvitationRow row,
        byte[] hash,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = by.Tenant.Value,
            id = row.InvitationId,
            row.Email,
            row.Role,
            hash,
            row.InvitedBy,
            now = row.CreatedAt,
            row.ExpiresAt,
        };
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        if (await session.FindAsync<MemberRow>(IsMemberSql, arguments, cancellationToken) is not null)
        {
            return false;
        }

        await session.ExecuteAsync(ReplaceSql, arguments, cancellationToken);
        await session.ExecuteAsync(InsertSql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Writes the operator's invitation of the owner of the bound tenant, in the place of those before.</summary>
    /// <param name="call">The hash of the call's own word; null for none.</param>
    /// <exception cref="Npgsql.PostgresException">A violation of <see cref="CallIndex"/>: the call made another tenant.</exception>
    public static async Task InsertOfOwnerAsync(
        TenantSession session,
        InvitationRow row,
        byte[] hash,
        byte[]? call,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            id = row.InvitationId,
            row.Email,
            hash,
            call,
            now = row.CreatedAt,
            row.ExpiresAt,
        };
        await session.ExecuteAsync(ReplaceOfOwnerSql, arguments, cancellationToken);
        await session.ExecuteAsync(InsertOfOwnerSql, arguments, cancellationToken);
    }

    public async Task<IReadOnlyList<InvitationRow>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<InvitationRow>(
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

    /// <summary><c>false</c> when this tenant has no such open invitation.</summary>
    public async Task<bool> RevokeAsync(
        TenantId tenant,
        Guid id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var revoked = await session.ExecuteAsync(
            RevokeSql,
            new
            {
                tenant = tenant.Value,
                id,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return revoked == 1;
    }

    /// <summary>Takes back what a person sent out in the bound tenant and nobody has accepted.</summary>
    public static Task RevokeOfUserAsync(
        TenantSession session,
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            RevokeOfUserSql,
            new
            {
                tenant = session.Tenant.Value,
                userId,
                now,
            },
            cancellationToken
        );

    /// <summary>Takes back what was sent to an address by the bound tenant and was not accepted.</summary>
    public static Task RevokeToAsync(
        TenantSession session,
        string email,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            RevokeToSql,
            new
            {
                tenant = session.Tenant.Value,
                email,
                now,
            },
            cancellationToken
        );

    /// <summary>Uses an invitation up; <c>false</c> when somebody else did, or it was taken back.</summary>
    public static async Task<bool> UseAsync(
        TenantSession session,
        Guid id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            AcceptSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                now,
            },
            cancellationToken
        ) == 1;
}
