using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Inference.Caching;

/// <summary>
/// An answer as Redis has it: encrypted under the tenant's data key, to be opened under its own name only. What is torn, foreign, of
/// another version or under another name is no answer.
/// </summary>
/// <remarks><c>version, flags, nonce (12), text, tag (16)</c>; the text is JSON, compressed where that pays.</remarks>
internal static class SealedAnswer
{
    private const byte FormatVersion = 1;
    private const byte Compressed = 1;
    private const int HeaderBytes = 2;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int WorthCompressing = 1024;

    // What a few bytes may at most become: a bomb would have to be sealed with the tenant's key.
    private const int LargestPlain = 8 * CachedAnswer.LongestText;

    public static byte[] Seal(CachedAnswer answer, byte[] dataKey, string name) =>
        Seal(JsonSerializer.SerializeToUtf8Bytes(answer), dataKey, name);

    /// <param name="plain">JSON.</param>
    public static byte[] Seal(byte[] plain, byte[] dataKey, string name)
    {
        byte flags = 0;
        if (plain.Length >= WorthCompressing)
        {
            var packed = Pack(plain);
            (plain, flags) = packed.Length < plain.Length ? (packed, Compressed) : (plain, (byte)0);
        }

        var result = new byte[HeaderBytes + NonceBytes + plain.Length + TagBytes];
        (result[0], result[1]) = (FormatVersion, flags);
        RandomNumberGenerator.Fill(result.AsSpan(HeaderBytes, NonceBytes));
        using var aes = new AesGcm(Derive(dataKey), TagBytes);
        aes.Encrypt(
            result.AsSpan(HeaderBytes, NonceBytes),
            plain,
            result.AsSpan(HeaderBytes + NonceBytes, plain.Length),
            result.AsSpan(result.Length - TagBytes),
            PlaceOf(flags, name)
        );
        return result;
    }

    /// <summary>Null for what is no answer of this name.</summary>
    public static CachedAnswer? Open(byte[] kept, byte[] dataKey, string name) =>
        Open<CachedAnswer>(kept, dataKey, name);

    /// <summary>Null for what is no such thing of this name.</summary>
    public static T? Open<T>(byte[] kept, byte[] dataKey, string name)
        where T : class
    {
        var length = kept.Length - HeaderBytes - NonceBytes - TagBytes;
        if (length < 0 || kept[0] != FormatVersion || kept[1] > Compressed)
        {
            return null;
        }

        var plain = new byte[length];
        try
        {
            using var aes = new AesGcm(Derive(dataKey), TagBytes);
            aes.Decrypt(
                kept.AsSpan(HeaderBytes, NonceBytes),
                kept.AsSpan(HeaderBytes + NonceBytes, length),
                kept.AsSpan(kept.Length - TagBytes),
                plain,
                PlaceOf(kept[1], name)
            );
            return JsonSerializer.Deserialize<T>(kept[1] == Compressed ? Unpack(plain) : plain);
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException or InvalidDataException)
        {
            return null;
        }
    }

    private static byte[] Pack(byte[] plain)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(plain.Length)];
        // Low effort: it stands on the way of nobody, but on the machine of all.
        return BrotliEncoder.TryCompress(plain, packed, out var written, quality: 3, window: 18)
            ? packed[..written]
            : plain;
    }

    private static byte[] Unpack(byte[] packed)
    {
        using var source = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = source.Read(buffer)) > 0)
        {
            plain.Write(buffer, 0, read);
            if (plain.Length > LargestPlain)
            {
                throw new InvalidDataException("It is larger than any answer.");
            }
        }

        return plain.ToArray();
    }

    private static byte[] Derive(byte[] dataKey) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, 32, info: "answers/v1"u8.ToArray());

    private static byte[] PlaceOf(byte flags, string name) => [FormatVersion, flags, .. Encoding.UTF8.GetBytes(name)];
}
