using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Streams;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>How an archive is sealed by a passphrase.</summary>
/// <remarks>
/// <para>Header, 36 bytes: <c>CHT1</c>, 16 bytes of salt, 16 by which a passphrase is recognised. Then segments of 65,536 bytes, each
/// followed by its 16-byte tag; the last one is shorter and may be empty, so that an archive that lost its end does not open.</para>
/// <para>PBKDF2-HMAC-SHA512, 210,000 rounds, over the passphrase in UTF-8, gives the key (32 bytes), the prefix of the nonces
/// (7) and the recognition (16). AES-256-GCM; a nonce ends in the segment's number and whether it is the last (the STREAM
/// construction). The header is associated data of all.</para>
/// </remarks>
internal sealed class ArchiveSeal : IDisposable
{
    public const int SegmentBytes = 64 * 1024;
    public const int TagBytes = 16;
    public const int HeaderBytes = 36;

    /// <summary>Of a passphrase that somebody chose, in characters.</summary>
    public const int ShortestPassphrase = 12;

    public const int LongestPassphrase = 200;

    private const int Rounds = 210_000;
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const int PrefixBytes = 7;
    private const int CheckBytes = 16;

    private static readonly byte[] Magic = "CHT1"u8.ToArray();

    private readonly byte[] _header;
    private readonly byte[] _prefix;
    private readonly AesGcm _aes;

    private ArchiveSeal(byte[] header, byte[] derived)
    {
        _header = header;
        _prefix = derived[KeyBytes..(KeyBytes + PrefixBytes)];
        _aes = new AesGcm(derived.AsSpan(0, KeyBytes), TagBytes);
        CryptographicOperations.ZeroMemory(derived);
    }

    public ReadOnlyMemory<byte> Header => _header;

    public static ArchiveSeal ForWriting(string passphrase)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var derived = Derive(passphrase, salt);
        return new ArchiveSeal([.. Magic, .. salt, .. derived[(KeyBytes + PrefixBytes)..]], derived);
    }

    /// <exception cref="ArchiveException">It is no archive, or the passphrase is another one.</exception>
    public static ArchiveSeal Open(ReadOnlySpan<byte> header, string passphrase)
    {
        if (header.Length != HeaderBytes || !header.StartsWith(Magic.AsSpan(0, 3)))
        {
            throw new ArchiveException(ArchiveFault.Damaged, "This is not the archive of an organisation.");
        }

        if (header[3] != Magic[3])
        {
            throw new ArchiveException(
                ArchiveFault.TooNew,
                "The archive is sealed in a way that this version does not know: import it into the version that made it, or a newer one."
            );
        }

        var derived = Derive(passphrase, header.Slice(Magic.Length, SaltBytes).ToArray());
        if (!CryptographicOperations.FixedTimeEquals(header[^CheckBytes..], derived.AsSpan(KeyBytes + PrefixBytes)))
        {
            CryptographicOperations.ZeroMemory(derived);
            throw new ArchiveException(
                ArchiveFault.WrongPassphrase,
                "The archive was sealed with another passphrase: give the one that it was exported with."
            );
        }

        return new ArchiveSeal(header.ToArray(), derived);
    }

    public void Seal(uint number, bool isLast, ReadOnlySpan<byte> plain, Span<byte> into) =>
        _aes.Encrypt(Nonce(number, isLast), plain, into[..plain.Length], into.Slice(plain.Length, TagBytes), _header);

    /// <exception cref="CryptographicException">The segment is not what was written there.</exception>
    public void Unseal(uint number, bool isLast, ReadOnlySpan<byte> from, Span<byte> plain) =>
        _aes.Decrypt(Nonce(number, isLast), from[..^TagBytes], from[^TagBytes..], plain, _header);

    public void Dispose() => _aes.Dispose();

    private byte[] Nonce(uint number, bool isLast)
    {
        var nonce = new byte[12];
        _prefix.CopyTo(nonce, 0);
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(PrefixBytes), number);
        nonce[11] = isLast ? (byte)1 : (byte)0;
        return nonce;
    }

    private static byte[] Derive(string passphrase, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(passphrase),
            salt,
            Rounds,
            HashAlgorithmName.SHA512,
            KeyBytes + PrefixBytes + CheckBytes
        );
}

/// <summary>Seals what is written to it, one segment in memory. Forward only; complete only after <see cref="FinishAsync"/>.</summary>
internal sealed class SealingStream(Stream target, ArchiveSeal seal) : WriteOnceStream
{
    private readonly byte[] _plain = new byte[ArchiveSeal.SegmentBytes];
    private readonly byte[] _sealed = new byte[ArchiveSeal.SegmentBytes + ArchiveSeal.TagBytes];
    private int _filled;
    private uint _number;

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        while (buffer.Length > 0)
        {
            var taken = Math.Min(buffer.Length, _plain.Length - _filled);
            buffer[..taken].CopyTo(_plain.AsMemory(_filled));
            _filled += taken;
            buffer = buffer[taken..];
            if (_filled == _plain.Length)
            {
                await SealAsync(isLast: false, cancellationToken);
            }
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes the last segment: without it nobody takes the archive for a whole one.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await SealAsync(isLast: true, cancellationToken);
        await target.FlushAsync(cancellationToken);
    }

    private async Task SealAsync(bool isLast, CancellationToken cancellationToken)
    {
        seal.Seal(checked(_number++), isLast, _plain.AsSpan(0, _filled), _sealed);
        await target.WriteAsync(_sealed.AsMemory(0, _filled + ArchiveSeal.TagBytes), cancellationToken);
        _filled = 0;
    }

    protected override void Dispose(bool disposing)
    {
        CryptographicOperations.ZeroMemory(_plain);
        base.Dispose(disposing);
    }
}

/// <summary>What was sealed, as it is read. Forward only.</summary>
internal sealed class UnsealingStream(Stream source, ArchiveSeal seal) : ReadOnceStream
{
    private readonly byte[] _sealed = new byte[ArchiveSeal.SegmentBytes + ArchiveSeal.TagBytes];
    private readonly byte[] _plain = new byte[ArchiveSeal.SegmentBytes];
    private int _start;
    private int _end;
    private uint _number;
    private bool _isOver;

    /// <exception cref="ArchiveException">It was changed, or cut off.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end && !_isOver && buffer.Length > 0)
        {
            var read = await source.ReadAtLeastAsync(
                _sealed,
                _sealed.Length,
                throwOnEndOfStream: false,
                cancellationToken
            );
            // A whole segment is never the last.
            _isOver = read < _sealed.Length;
            if (read < ArchiveSeal.TagBytes)
            {
                throw Damaged(null);
            }

            try
            {
                _end = read - ArchiveSeal.TagBytes;
                seal.Unseal(checked(_number++), _isOver, _sealed.AsSpan(0, read), _plain.AsSpan(0, _end));
                _start = 0;
            }
            catch (CryptographicException changed)
            {
                throw Damaged(changed);
            }
        }

        var taken = Math.Min(buffer.Length, _end - _start);
        _plain.AsMemory(_start, taken).CopyTo(buffer);
        _start += taken;
        return taken;
    }

    protected override void Dispose(bool disposing)
    {
        CryptographicOperations.ZeroMemory(_plain);
        base.Dispose(disposing);
    }

    private static ArchiveException Damaged(Exception? inner) =>
        new(
            ArchiveFault.Damaged,
            "The archive was changed or cut off: some of it does not open. Export the organisation again, or fetch the file again.",
            inner
        );
}
