using Chancery.Server.Platform.Database;
using Dapper;
using Microsoft.AspNetCore.Identity;

namespace Chancery.Server.Access.Passkeys;

/// <summary>The SQL of passkeys, in sessions that are bound to their person.</summary>
internal static class PasskeyStore
{
    /// <summary>The index that keeps a passkey from belonging to two people.</summary>
    public const string CredentialIndex = "passkeys_by_credential";

    private const string Columns = """
        passkey_id, credential_id, public_key, sign_count, transports, is_backup_eligible, is_backed_up, attestation, client_data,
        name, created_at, last_used_at
        """;

    private const string ListSql =
        $"SELECT {Columns} FROM passkeys WHERE user_id = @userId ORDER BY created_at, passkey_id";

    private const string CountSql = "SELECT count(*)::int FROM passkeys WHERE user_id = @userId";

    private const string InsertSql = """
        INSERT INTO passkeys
          (user_id, passkey_id, credential_id, public_key, sign_count, transports, is_backup_eligible, is_backed_up,
           attestation, client_data, name, created_at)
        VALUES (@userId, @passkeyId, @credentialId, @publicKey, @signCount, @transports, @isBackupEligible, @isBackedUp,
                @attestation, @clientData, @name, @createdAt)
        """;

    // Of two uses at once with one count, one is refused. An authenticator that does not count stays at 0.
    private const string UsedSql = """
        UPDATE passkeys SET sign_count = @signCount, is_backed_up = @isBackedUp, last_used_at = @now
        WHERE user_id = @userId AND credential_id = @credentialId AND (sign_count < @signCount OR (sign_count = 0 AND @signCount = 0))
        """;

    private const string RenameSql = """
        UPDATE passkeys SET name = @name WHERE user_id = @userId AND passkey_id = @passkeyId
        """;

    private const string RemoveSql = "DELETE FROM passkeys WHERE user_id = @userId AND passkey_id = @passkeyId";

    private const string RemoveAllSql = "DELETE FROM passkeys WHERE user_id = @userId";

    [method: ExplicitConstructor]
    internal sealed record Row(
        Guid PasskeyId,
        byte[] CredentialId,
        byte[] PublicKey,
        long SignCount,
        string[]? Transports,
        bool IsBackupEligible,
        bool IsBackedUp,
        byte[] Attestation,
        byte[] ClientData,
        string Name,
        DateTimeOffset CreatedAt,
        DateTimeOffset? LastUsedAt
    )
    {
        /// <summary>As the framework's handler knows it. Every one of ours was made with user verification.</summary>
        public UserPasskeyInfo ToInfo() =>
            new(
                CredentialId,
                PublicKey,
                CreatedAt,
                (uint)SignCount,
                Transports,
                isUserVerified: true,
                IsBackupEligible,
                IsBackedUp,
                Attestation,
                ClientData
            )
            {
                Name = Name,
            };
    }

    public static Task<IReadOnlyList<Row>> ListAsync(
        TenantSession session,
        Guid userId,
        CancellationToken cancellationToken
    ) => session.QueryAsync<Row>(ListSql, new { userId }, cancellationToken);

    public static async Task<int> CountAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        await session.FindAsync<int>(CountSql, new { userId }, cancellationToken);

    /// <exception cref="Npgsql.PostgresException">It is somebody's already (<see cref="CredentialIndex"/>).</exception>
    public static Task InsertAsync(
        TenantSession session,
        Guid userId,
        Guid passkeyId,
        string name,
        UserPasskeyInfo info,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            InsertSql,
            new
            {
                userId,
                passkeyId,
                credentialId = info.CredentialId,
                publicKey = info.PublicKey,
                signCount = (long)info.SignCount,
                transports = info.Transports,
                isBackupEligible = info.IsBackupEligible,
                isBackedUp = info.IsBackedUp,
                attestation = info.AttestationObject,
                clientData = info.ClientDataJson,
                name,
                createdAt = info.CreatedAt,
            },
            cancellationToken
        );

    /// <summary>Notes a use; <c>false</c> when its count was used already.</summary>
    public static async Task<bool> UsedAsync(
        TenantSession session,
        Guid userId,
        UserPasskeyInfo info,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            UsedSql,
            new
            {
                userId,
                credentialId = info.CredentialId,
                signCount = (long)info.SignCount,
                isBackedUp = info.IsBackedUp,
                now,
            },
            cancellationToken
        ) == 1;

    public static async Task<bool> RenameAsync(
        TenantSession session,
        Guid userId,
        Guid passkeyId,
        string name,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            RenameSql,
            new
            {
                userId,
                passkeyId,
                name,
            },
            cancellationToken
        ) == 1;

    public static async Task<bool> RemoveAsync(
        TenantSession session,
        Guid userId,
        Guid passkeyId,
        CancellationToken cancellationToken
    ) => await session.ExecuteAsync(RemoveSql, new { userId, passkeyId }, cancellationToken) == 1;

    public static Task<int> RemoveAllAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(RemoveAllSql, new { userId }, cancellationToken);
}
