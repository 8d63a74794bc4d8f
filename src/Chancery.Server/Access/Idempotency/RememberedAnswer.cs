using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Access.Idempotency;

/// <summary>An answer as it is kept: what the caller saw, without what is of the moment.</summary>
internal sealed record RememberedAnswer(int Status, string? ContentType, string? Location, byte[] Body)
{
    private const byte FormatVersion = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>Encrypts it under the tenant's data key; it opens only as the answer to the same principal's same key.</summary>
    public byte[] Seal(byte[] dataKey, Principal principal, byte[] key)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(this);
        var result = new byte[1 + NonceBytes + plain.Length + TagBytes];
        result[0] = FormatVersion;
        RandomNumberGenerator.Fill(result.AsSpan(1, NonceBytes));
        using var aes = new AesGcm(Derive(dataKey), TagBytes);
        aes.Encrypt(
            result.AsSpan(1, NonceBytes),
            plain,
            result.AsSpan(1 + NonceBytes, plain.Length),
            result.AsSpan(result.Length - TagBytes),
            PlaceOf(principal, key)
        );
        return result;
    }

    /// <exception cref="CryptographicException">It was sealed for another place, or changed.</exception>
    public static RememberedAnswer Open(byte[] kept, byte[] dataKey, Principal principal, byte[] key)
    {
        if (kept.Length < 1 + NonceBytes + TagBytes || kept[0] != FormatVersion)
        {
            throw new CryptographicException("This is no remembered answer of this version.");
        }

        var plain = new byte[kept.Length - 1 - NonceBytes - TagBytes];
        using var aes = new AesGcm(Derive(dataKey), TagBytes);
        aes.Decrypt(
            kept.AsSpan(1, NonceBytes),
            kept.AsSpan(1 + NonceBytes, plain.Length),
            kept.AsSpan(kept.Length - TagBytes),
            plain,
            PlaceOf(principal, key)
        );
        return JsonSerializer.Deserialize<RememberedAnswer>(plain)!;
    }

    private static byte[] Derive(byte[] dataKey) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, 32, info: Encoding.ASCII.GetBytes("idempotency/v1"));

    private static byte[] PlaceOf(Principal principal, byte[] key) =>
        [.. principal.Tenant.Value.ToByteArray(), .. principal.Id.ToByteArray(), .. key];
}
