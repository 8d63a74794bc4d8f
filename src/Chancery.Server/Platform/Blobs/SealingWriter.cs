using System.Security.Cryptography;

namespace Chancery.Server.Platform.Blobs;

/// <summary>Encrypts and hashes a file on its way to the disk, one segment in memory.</summary>
internal sealed class SealingWriter(FileStream file, BlobFormat format, long maxBytes)
{
    private readonly byte[] _plain = new byte[BlobFormat.SegmentBytes];
    private readonly byte[] _sealed = new byte[BlobFormat.SegmentBytes + BlobFormat.TagBytes];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _filled;
    private uint _segment;
    private long _size;

    /// <summary>False as soon as there is more than allowed.</summary>
    public async Task<bool> CopyAsync(ReadOnlyMemory<byte> head, Stream rest, CancellationToken cancellationToken)
    {
        // The header's place: what it says is known at the end.
        await file.WriteAsync(new byte[BlobFormat.HeaderBytes], cancellationToken);
        while (head.Length > 0)
        {
            await SpillAsync(cancellationToken);
            var taken = Math.Min(head.Length, _plain.Length - _filled);
            head[..taken].CopyTo(_plain.AsMemory(_filled));
            Took(taken);
            head = head[taken..];
        }

        while (_size <= maxBytes)
        {
            await SpillAsync(cancellationToken);
            var read = await rest.ReadAsync(_plain.AsMemory(_filled), cancellationToken);
            if (read == 0)
            {
                return true;
            }

            Took(read);
        }

        return false;
    }

    public async Task<(byte[] Sha256, long Size)> FinishAsync(CancellationToken cancellationToken)
    {
        await SealAsync(isLast: true, cancellationToken);
        var sha256 = _hash.GetHashAndReset();
        _hash.Dispose();
        file.Position = 0;
        await file.WriteAsync(format.Header(sha256, _size), cancellationToken);
        CryptographicOperations.ZeroMemory(_plain);
        return (sha256, _size);
    }

    /// <summary>A full segment is never the last: a file of whole segments ends in an empty one.</summary>
    private async Task SpillAsync(CancellationToken cancellationToken)
    {
        if (_filled == _plain.Length)
        {
            await SealAsync(isLast: false, cancellationToken);
        }
    }

    private async Task SealAsync(bool isLast, CancellationToken cancellationToken)
    {
        format.Seal(_segment++, isLast, _plain.AsSpan(0, _filled), _sealed);
        await file.WriteAsync(_sealed.AsMemory(0, _filled + BlobFormat.TagBytes), cancellationToken);
        _filled = 0;
    }

    private void Took(int count)
    {
        _hash.AppendData(_plain, _filled, count);
        _filled += count;
        _size += count;
    }
}
