using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Access;

/// <summary>Random secrets as URL-safe text. The database holds only their SHA-256: 256 random bits need no salt.</summary>
internal static class SecretText
{
    private const int SecretBytes = 32;

    public static string Create(string prefix = "") =>
        prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
