using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Access.Keys;

/// <summary>
/// The text of a key: <c>ck_</c>, 12 characters by which it is found, <c>_</c>, 43 of secret (32 random bytes) and 6 of
/// checksum. Example: <c>ck_k3v7…_5Hq…</c>. The checksum refuses typing errors, and finds keys in leaked text,
/// without a database.
/// </summary>
internal static class ApiKeyText
{
    public const string Prefix = "ck_";
    private const int LookupLength = 12;
    private const int SecretLength = 43;
    private const int ChecksumLength = 6;
    private const int Length = 3 + LookupLength + 1 + SecretLength + ChecksumLength;
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static (string Text, string Lookup) Create()
    {
        var lookup = RandomNumberGenerator.GetString(Alphabet, LookupLength);
        var body = $"{Prefix}{lookup}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        return (body + ChecksumOf(body), lookup);
    }

    /// <summary>The part by which the key is found; <c>null</c> when the text is no key of ours.</summary>
    public static string? LookupOf(string text) =>
        text.Length == Length
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && text[Prefix.Length + LookupLength] == '_'
        && text.AsSpan(Length - ChecksumLength).SequenceEqual(ChecksumOf(text[..^ChecksumLength]))
            ? text.Substring(Prefix.Length, LookupLength)
            : null;

    private static string ChecksumOf(string body)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(body));
        return string.Create(
            ChecksumLength,
            hash,
            static (characters, hash) =>
            {
                for (var i = 0; i < characters.Length; i++)
                {
                    characters[i] = Alphabet[hash[i] % Alphabet.Length];
                }
            }
        );
    }
}
