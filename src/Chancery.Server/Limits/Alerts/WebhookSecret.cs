using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Alerts;

/// <summary>What signs an organisation's alerts; kept under its data key, to be opened for that organisation only.</summary>
internal static class WebhookSecret
{
    public const string SignatureHeader = "X-Chancery-Signature";

    private const string Prefix = "whsec_";
    private const byte FormatVersion = 1;
    private const int SecretBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public static string Create() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary><c>t=SECONDS,v1=HEX</c>: the HMAC-SHA256 of the seconds, a dot and the body.</summary>
    public static string Sign(string secret, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(seconds), (byte)'.', .. body];
        var mac = HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), signed);
        return $"t={seconds},v1={Convert.ToHexStringLower(mac)}";
    }

    public static byte[] Seal(string secret, byte[] dataKey, TenantId tenant)
    {
        var plain = Encoding.ASCII.GetBytes(secret);
        var result = new byte[1 + NonceBytes + plain.Length + TagBytes];
        result[0] = FormatVersion;
        RandomNumberGenerator.Fill(result.AsSpan(1, NonceBytes));
        using var aes = new AesGcm(Derive(dataKey), TagBytes);
        aes.Encrypt(
            result.AsSpan(1, NonceBytes),
            plain,
            result.AsSpan(1 + NonceBytes, plain.Length),
            result.AsSpan(result.Length - TagBytes),
            tenant.Value.ToByteArray()
        );
        return result;
    }

    /// <exception cref="CryptographicException">It is another organisation's, or was changed.</exception>
    public static string Open(byte[] kept, byte[] dataKey, TenantId tenant)
    {
        if (kept.Length < 1 + NonceBytes + TagBytes || kept[0] != FormatVersion)
        {
            throw new CryptographicException("This is no secret of this version.");
        }

        var plain = new byte[kept.Length - 1 - NonceBytes - TagBytes];
        using var aes = new AesGcm(Derive(dataKey), TagBytes);
        aes.Decrypt(
            kept.AsSpan(1, NonceBytes),
            kept.AsSpan(1 + NonceBytes, plain.Length),
            kept.AsSpan(kept.Length - TagBytes),
            plain,
            tenant.Value.ToByteArray()
        );
        return Encoding.ASCII.GetString(plain);
    }

    private static byte[] Derive(byte[] dataKey) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, 32, info: Encoding.ASCII.GetBytes("alert-webhook/v1"));
}
