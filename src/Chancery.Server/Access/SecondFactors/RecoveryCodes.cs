using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>Ten codes, each of which stands in once for a second factor that is lost. Safe for concurrent use.</summary>
/// <remarks>Eighty random bits each, so that their SHA-256 is all that has to be kept.</remarks>
internal sealed class RecoveryCodes(TimeProvider time)
{
    public const int Count = 10;

    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int Letters = 16;
    private const int Group = 4;

    private const string DeleteSql = "DELETE FROM recovery_codes WHERE user_id = @userId";

    private const string InsertSql = """
        INSERT INTO recovery_codes (user_id, code_hash, created_at)
        SELECT @userId, n.hash, @now FROM unnest(@hashes) AS n (hash)
        """;

    private const string UseSql = """
        UPDATE recovery_codes SET used_at = @now WHERE user_id = @userId AND code_hash = @hash AND used_at IS NULL
        """;

    private const string LeftSql =
        "SELECT count(*)::int FROM recovery_codes WHERE user_id = @userId AND used_at IS NULL";

    /// <summary>New ones; those before count no more. Shown once. The caller commits.</summary>
    /// <param name="session">Bound to the person.</param>
    public async Task<IReadOnlyList<string>> MakeAsync(
        TenantSession session,
        Guid userId,
        CancellationToken cancellationToken
    )
    {
        string[] codes = [.. Enumerable.Range(0, Count).Select(_ => NewCode())];
        await DeleteAsync(session, userId, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                userId,
                hashes = codes.Select(code => HashOf(userId, code)).ToArray(),
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        return codes;
    }

    /// <summary>Whether the code is one of theirs and was not used; then it is. The caller commits.</summary>
    public async Task<bool> UseAsync(
        TenantSession session,
        Guid userId,
        string code,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            UseSql,
            new
            {
                userId,
                hash = HashOf(userId, code),
                now = time.GetUtcNow(),
            },
            cancellationToken
        ) == 1;

    public static async Task<int> LeftAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        await session.FindAsync<int>(LeftSql, new { userId }, cancellationToken);

    public static Task DeleteAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(DeleteSql, new { userId }, cancellationToken);

    private static string NewCode() =>
        string.Join(
            '-',
            RandomNumberGenerator.GetString(Alphabet, Letters).Chunk(Group).Select(part => new string(part))
        );

    // However it is typed: capital letters, spaces or no dashes.
    private static byte[] HashOf(Guid userId, string code) =>
        SHA256.HashData(
            Encoding.UTF8.GetBytes(
                $"{userId:n}/{string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant()}"
            )
        );
}
