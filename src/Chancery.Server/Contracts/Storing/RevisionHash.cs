using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Contracts.Storing;

/// <summary>
/// A revision's SHA-256 covers who made it, when, what was asked, every word, and the hash of the revision before: the last one
/// vouches for the whole history.
/// </summary>
internal static class RevisionHash
{
    /// <param name="before">Of the revision before; null for the first.</param>
    public static byte[] Of(
        byte[]? before,
        int number,
        RevisionFacts facts,
        DateTimeOffset createdAt,
        string head,
        string outline
    )
    {
        var canonical = JsonSerializer.Serialize(
            new
            {
                before = before is null ? null : Convert.ToHexStringLower(before),
                number,
                facts.Source,
                facts.Instruction,
                facts.AuthorId,
                facts.Author,
                created_at = createdAt.UtcTicks,
                head,
                outline,
            },
            RevisionTree.Json
        );
        return SHA256.HashData(Encoding.UTF8.GetBytes(canonical));
    }
}
