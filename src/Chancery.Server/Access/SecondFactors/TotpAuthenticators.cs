using System.Security.Cryptography;
using Chancery.Server.Platform.Database;
using OtpNet;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>People's authenticator apps (RFC 6238: SHA-1, 6 digits, 30 s, as every app knows them). Safe for concurrent use.</summary>
/// <remarks>
/// A code is taken from one time step before to one after the present one, and never twice: the newest step that was taken is
/// kept, by one statement, so that of two at once one is refused.
/// </remarks>
internal sealed class TotpAuthenticators(PersonKeys keys, TimeProvider time)
{
    public const int SeedBytes = 20;
    private const int StepSeconds = 30;
    private const int Digits = 6;
    private const string Purpose = "totp-seed";
    private const string Issuer = "Chancery";

    private const string FindSql = """
        SELECT sealed_seed, pending_seed, last_step, confirmed_at, last_used_at FROM totp_authenticators
        WHERE user_id = @userId
        """;

    private const string BeginSql = """
        INSERT INTO totp_authenticators (user_id, pending_seed, created_at) VALUES (@userId, @sealedSeed, @now)
        ON CONFLICT (user_id) DO UPDATE SET pending_seed = @sealedSeed
        """;

    private const string ConfirmSql = """
        UPDATE totp_authenticators
        SET sealed_seed = pending_seed, pending_seed = NULL, last_step = @step, confirmed_at = @now, last_used_at = NULL
        WHERE user_id = @userId AND pending_seed = @SealedSeed
        """;

    private const string UseSql = """
        UPDATE totp_authenticators SET last_step = @step, last_used_at = @now
        WHERE user_id = @userId AND last_step < @step AND sealed_seed = @SealedSeed
        """;

    private const string RemoveSql = """
        DELETE FROM totp_authenticators WHERE user_id = @userId
        """;

    internal sealed record Row(
        byte[]? SealedSeed,
        byte[]? PendingSeed,
        long LastStep,
        DateTimeOffset? ConfirmedAt,
        DateTimeOffset? LastUsedAt
    );

    /// <summary>What an app is set up with, shown once.</summary>
    /// <param name="Secret">Base32, for typing.</param>
    /// <param name="Uri"><c>otpauth://…</c>, for scanning.</param>
    internal sealed record Setup(string Secret, string Uri);

    public static Task<Row?> FindAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.FindAsync<Row>(FindSql, new { userId }, cancellationToken);

    /// <summary>A new seed, which counts once a code of it was given. Until then one that counts already goes on.</summary>
    /// <param name="session">Bound to the person; the caller commits.</param>
    public async Task<Setup> BeginAsync(
        TenantSession session,
        Guid userId,
        string email,
        CancellationToken cancellationToken
    )
    {
        var seed = RandomNumberGenerator.GetBytes(SeedBytes);
        var sealedSeed = await keys.SealAsync(session, userId, seed, Purpose, cancellationToken);
        await session.ExecuteAsync(
            BeginSql,
            new
            {
                userId,
                sealedSeed,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        var secret = Base32Encoding.ToString(seed);
        return new Setup(secret, new OtpUri(OtpType.Totp, secret, email, Issuer).ToString());
    }

    /// <summary>Whether the code is right and was not taken before; then it is used up. The caller commits.</summary>
    /// <param name="first">Whether it is the one that makes the app count; else only one that counts is asked.</param>
    public async Task<bool> UseAsync(
        TenantSession session,
        Guid userId,
        string code,
        bool first,
        CancellationToken cancellationToken
    )
    {
        var digits = code.Replace(" ", "", StringComparison.Ordinal);
        if (
            digits.Length != Digits
            || !digits.All(char.IsAsciiDigit)
            || await FindAsync(session, userId, cancellationToken) is not { } row
            || (first ? row.PendingSeed : row.SealedSeed) is not { } sealedSeed
        )
        {
            return false;
        }

        var now = time.GetUtcNow();
        var seed = await keys.OpenAsync(session, userId, sealedSeed, Purpose, cancellationToken);
        var isRight = new Totp(seed, StepSeconds, OtpHashMode.Sha1, Digits).VerifyTotp(
            now.UtcDateTime,
            digits,
            out var step,
            new VerificationWindow(previous: 1, future: 1)
        );
        CryptographicOperations.ZeroMemory(seed);
        return isRight
            && await session.ExecuteAsync(
                first ? ConfirmSql : UseSql,
                new
                {
                    userId,
                    step,
                    now,
                    SealedSeed = sealedSeed,
                },
                cancellationToken
            ) == 1;
    }

    public static Task RemoveAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(RemoveSql, new { userId }, cancellationToken);
}
