using System.Buffers.Binary;
using System.Security.Cryptography;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Blobs;

/// <summary>How a stored file is encrypted: a header and segments, each sealed on its own, so that any byte can be read
/// without those before it.</summary>
/// <remarks>
/// <para>Header, 44 bytes: <c>CHB1</c>, 16 bytes of salt, the plaintext's length as a big-endian 64-bit number, and a
/// tag. Then segments of 65,536 bytes, each followed by its 16-byte tag; the last one is shorter and may be empty.</para>
/// <para>AES-256-GCM. Key and 7 bytes of nonce prefix come from the tenant's data key by HKDF-SHA256 with the file's
/// salt; the other 5 are the segment's number and whether it is the last (the STREAM construction), so that segments
/// cannot be reordered, dropped or cut off. The tenant is associated data of all; the header's tag binds tenant,
/// SHA-256 and length, which are known only at the end of an upload.</para>
/// </remarks>
internal sealed class BlobFormat : IDisposable
{
    public const int SegmentBytes = 64 * 1024;
    public const int TagBytes = 16;
    public const int HeaderBytes = 44;
    private const int SaltBytes = 16;
    private const int PrefixBytes = 7;
    private const byte HeaderFlag = 2;

    private static readonly byte[] Magic = "CHB1"u8.ToArray();
    private static readonly byte[] Info = "chancery/blob/v1"u8.ToArray();

    private readonly byte[] _salt;
    private readonly byte[] _prefix;
    private readonly byte[] _tenant;
    private readonly AesGcm _aes;

    private BlobFormat(ReadOnlySpan<byte> tenantKey, byte[] salt, TenantId tenant)
    {
        var derived = HKDF.DeriveKey(HashAlgorithmName.SHA256, tenantKey.ToArray(), 32 + PrefixBytes, salt, Info);
        _salt = salt;
        _prefix = derived[32..];
        _tenant = tenant.Value.ToByteArray(bigEndian: true);
        _aes = new AesGcm(derived.AsSpan(0, 32), TagBytes);
        CryptographicOperations.ZeroMemory(derived.AsSpan(0, 32));
    }

    public static BlobFormat ForWriting(ReadOnlySpan<byte> tenantKey, TenantId tenant) =>
        new(tenantKey, RandomNumberGenerator.GetBytes(SaltBytes), tenant);

    /// <summary>Checks the header and answers the plaintext's length, too.</summary>
    /// <exception cref="CryptographicException">Another tenant's, another file under this name, or damage.</exception>
    public static (BlobFormat Format, long Length) Open(
        ReadOnlySpan<byte> header,
        ReadOnlySpan<byte> tenantKey,
        TenantId tenant,
        ReadOnlySpan<byte> sha256
    )
    {
        if (header.Length != HeaderBytes || !header.StartsWith(Magic))
        {
            throw new CryptographicException("This is not a stored file.");
        }

        var format = new BlobFormat(tenantKey, header.Slice(Magic.Length, SaltBytes).ToArray(), tenant);
        try
        {
            var length = BinaryPrimitives.ReadInt64BigEndian(header[20..]);
            Span<byte> nothing = [];
            format._aes.Decrypt(
                format.Nonce(uint.MaxValue, HeaderFlag),
                nothing,
                header[28..],
                nothing,
                format.HeaderData(sha256, length)
            );
            return (format, length);
        }
        catch
        {
            format.Dispose();
            throw;
        }
    }

    public byte[] Header(ReadOnlySpan<byte> sha256, long length)
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header, 0);
        _salt.CopyTo(header, Magic.Length);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(20), length);
        _aes.Encrypt(Nonce(uint.MaxValue, HeaderFlag), [], [], header.AsSpan(28), HeaderData(sha256, length));
        return header;
    }

    /// <summary>Seals one segment into <paramref name="sealedSegment"/>, which is longer by a tag.</summary>
    public void Seal(uint number, bool isLast, ReadOnlySpan<byte> plain, Span<byte> sealedSegment) =>
        _aes.Encrypt(
            Nonce(number, isLast ? (byte)1 : (byte)0),
            plain,
            sealedSegment[..plain.Length],
            sealedSegment.Slice(plain.Length, TagBytes),
            _tenant
        );

    /// <exception cref="CryptographicException">The segment is not what was written there.</exception>
    public void Unseal(uint number, bool isLast, ReadOnlySpan<byte> sealedSegment, Span<byte> plain) =>
        _aes.Decrypt(
            Nonce(number, isLast ? (byte)1 : (byte)0),
            sealedSegment[..^TagBytes],
            sealedSegment[^TagBytes..],
            plain[..(sealedSegment.Length - TagBytes)],
            _tenant
        );

    public void Dispose() => _aes.Dispose();

    private byte[] Nonce(uint number, byte flag)
    {
        var nonce = new byte[12];
        _prefix.CopyTo(nonce, 0);
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(PrefixBytes), number);
        nonce[11] = flag;
        return nonce;
    }

    private byte[] HeaderData(ReadOnlySpan<byte> sha256, long length)
    {
        var data = new byte[Magic.Length + _tenant.Length + sha256.Length + 8];
        Magic.CopyTo(data, 0);
        _tenant.CopyTo(data, Magic.Length);
        sha256.CopyTo(data.AsSpan(Magic.Length + _tenant.Length));
        BinaryPrimitives.WriteInt64BigEndian(data.AsSpan(data.Length - 8), length);
        return data;
    }
}
