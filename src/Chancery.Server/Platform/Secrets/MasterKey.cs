using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Platform.Secrets;

/// <summary>The installation's one root secret, 32 bytes: derives what can be derived and wraps what cannot.</summary>
/// <remarks>
/// Derivation is HKDF-SHA256 (RFC 5869) with the purpose as info. Wrapping is AES-256-GCM with a key derived for
/// wrapping and the purpose as associated data; the format is a version byte, a 12-byte nonce, the ciphertext and a
/// 16-byte tag. Safe for concurrent use.
/// </remarks>
public sealed class MasterKey
{
    public const int SizeBytes = 32;
    private const byte FormatVersion = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[] _root;

    public MasterKey(ReadOnlySpan<byte> root)
    {
        if (root.Length != SizeBytes)
        {
            throw new ArgumentException($"A master key is {SizeBytes} bytes, this one {root.Length}.", nameof(root));
        }

        _root = root.ToArray();
    }

    /// <summary>Reads base64 or hexadecimal text of 32 bytes.</summary>
    /// <exception cref="FormatException">The text is neither; the message does not repeat it.</exception>
    public static MasterKey Parse(string text)
    {
        var trimmed = text.Trim();
        var bytes = new byte[SizeBytes];
        if (trimmed.Length == 2 * SizeBytes && trimmed.All(char.IsAsciiHexDigit))
        {
            return new MasterKey(Convert.FromHexString(trimmed));
        }

        return Convert.TryFromBase64String(trimmed, bytes, out var written) && written == SizeBytes
            ? new MasterKey(bytes)
            : throw new FormatException(
                "CHANCERY_MASTER_KEY must be 32 bytes as base64 or hexadecimal. Make one with: openssl rand -base64 32"
            );
    }

    /// <summary>The text that <see cref="Parse"/> reads, for an operator who asked to have it.</summary>
    internal byte[] Export() => Encoding.ASCII.GetBytes(Convert.ToBase64String(_root) + "\n");

    /// <summary>A key for one purpose; the same each time.</summary>
    public byte[] Derive(string purpose, int sizeBytes = SizeBytes) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _root, sizeBytes, info: Encoding.UTF8.GetBytes(purpose));

    /// <summary>Encrypts a small secret so that only this installation, and only for this purpose, can open it.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> secret, string purpose)
    {
        var wrapped = new byte[1 + NonceBytes + secret.Length + TagBytes];
        wrapped[0] = FormatVersion;
        var nonce = wrapped.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(Derive("wrap/v1"), TagBytes);
        aes.Encrypt(
            nonce,
            secret,
            wrapped.AsSpan(1 + NonceBytes, secret.Length),
            wrapped.AsSpan(wrapped.Length - TagBytes),
            Encoding.UTF8.GetBytes(purpose)
        );
        return wrapped;
    }

    /// <exception cref="CryptographicException">Another master key, another purpose, or damage.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, string purpose)
    {
        if (wrapped.Length < 1 + NonceBytes + TagBytes || wrapped[0] != FormatVersion)
        {
            throw new CryptographicException("This is not a wrapped secret of this version.");
        }

        var secret = new byte[wrapped.Length - 1 - NonceBytes - TagBytes];
        using var aes = new AesGcm(Derive("wrap/v1"), TagBytes);
        aes.Decrypt(
            wrapped.Slice(1, NonceBytes),
            wrapped.Slice(1 + NonceBytes, secret.Length),
            wrapped[^TagBytes..],
            secret,
            Encoding.UTF8.GetBytes(purpose)
        );
        return secret;
    }
}
