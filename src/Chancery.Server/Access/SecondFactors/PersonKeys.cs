using System.Security.Cryptography;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>Encrypts what is kept of a person encrypted, by a data key of their own. Safe for concurrent use.</summary>
/// <remarks>It goes with the person: what was sealed by it opens no more, whatever copy of it is left.</remarks>
internal sealed class PersonKeys(MasterKey masterKey)
{
    private const string FindSql = "SELECT wrapped_key FROM person_keys WHERE user_id = @userId";

    // Two at once agree on the first one's.
    private const string InsertSql = """
        INSERT INTO person_keys (user_id, wrapped_key) VALUES (@userId, @wrapped) ON CONFLICT (user_id) DO NOTHING
        """;

    /// <param name="session">Bound to the person.</param>
    /// <param name="purpose">What opens it again must name the same.</param>
    public async Task<byte[]> SealAsync(
        TenantSession session,
        Guid userId,
        byte[] secret,
        string purpose,
        CancellationToken cancellationToken
    )
    {
        if (await FindAsync(session, userId, cancellationToken) is not { } key)
        {
            var wrapped = masterKey.Wrap(RandomNumberGenerator.GetBytes(MasterKey.SizeBytes), PurposeOf(userId));
            await session.ExecuteAsync(InsertSql, new { userId, wrapped }, cancellationToken);
            key = (await FindAsync(session, userId, cancellationToken))!;
        }

        return key.Wrap(secret, purpose);
    }

    /// <exception cref="CryptographicException">The installation runs with another master key.</exception>
    public async Task<byte[]> OpenAsync(
        TenantSession session,
        Guid userId,
        byte[] sealedSecret,
        string purpose,
        CancellationToken cancellationToken
    ) =>
        (
            await FindAsync(session, userId, cancellationToken)
            ?? throw new CryptographicException("The person has no data key.")
        ).Unwrap(sealedSecret, purpose);

    internal static string PurposeOf(Guid userId) => $"person-key/{userId}";

    private async Task<MasterKey?> FindAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        await session.FindAsync<byte[]>(FindSql, new { userId }, cancellationToken) is { } wrapped
            ? new MasterKey(masterKey.Unwrap(wrapped, PurposeOf(userId)))
            : null;
}
