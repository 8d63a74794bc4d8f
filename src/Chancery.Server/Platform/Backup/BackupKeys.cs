using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Platform.Backup;

/// <summary>
/// The keys of one archive, derived from the master key and the archive's salt. The dump is sealed part by part, and the
/// manifest signed: without the master key the archive tells nothing that people wrote, and nobody can change it unnoticed.
/// </summary>
internal sealed class BackupKeys(MasterKey masterKey, string salt) : IDisposable
{
    public const int PartBytes = 4 * 1024 * 1024;
    private const int TagBytes = 16;
    private const int NonceBytes = 12;

    private readonly AesGcm _dump = new(masterKey.Derive("backup/v1/database/" + salt), TagBytes);
    private readonly byte[] _manifest = masterKey.Derive("backup/v1/manifest/" + salt);

    public string Check { get; } = Convert.ToHexStringLower(masterKey.Derive("backup/v1/check/" + salt, 16));

    public static string NewSalt() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Seals a part of the dump; a dump that lost its end, or whose parts changed places, does not open.</summary>
    public byte[] Seal(long number, bool isLast, ReadOnlySpan<byte> plain)
    {
        var part = new byte[1 + plain.Length + TagBytes];
        part[0] = isLast ? (byte)1 : (byte)0;
        _dump.Encrypt(
            NonceOf(number),
            plain,
            part.AsSpan(1, plain.Length),
            part.AsSpan(part.Length - TagBytes),
            part.AsSpan(0, 1)
        );
        return part;
    }

    /// <exception cref="CryptographicException">Damage, or another key.</exception>
    public byte[] Open(long number, ReadOnlySpan<byte> part, out bool isLast)
    {
        if (part.Length < 1 + TagBytes)
        {
            throw new CryptographicException("This is not a part of a dump.");
        }

        var plain = new byte[part.Length - 1 - TagBytes];
        _dump.Decrypt(NonceOf(number), part[1..^TagBytes], part[^TagBytes..], plain, part[..1]);
        isLast = part[0] == 1;
        return plain;
    }

    public string Sign(ReadOnlySpan<byte> manifest) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_manifest, manifest));

    public bool IsSigned(ReadOnlySpan<byte> manifest, string signature) =>
        CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Sign(manifest)),
            Encoding.ASCII.GetBytes(signature.Trim())
        );

    public void Dispose() => _dump.Dispose();

    // Each archive has keys of its own, so that a counter never repeats under one.
    private static byte[] NonceOf(long number)
    {
        var nonce = new byte[NonceBytes];
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(NonceBytes - sizeof(long)), number);
        return nonce;
    }
}
