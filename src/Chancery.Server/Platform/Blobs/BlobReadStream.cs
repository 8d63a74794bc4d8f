using System.Security.Cryptography;

namespace Chancery.Server.Platform.Blobs;

/// <summary>A stored file, decrypted as it is read; seeks by segment. Not safe for concurrent use.</summary>
internal sealed class BlobReadStream(FileStream file, BlobFormat format, long length) : Stream
{
    private readonly byte[] _plain = new byte[BlobFormat.SegmentBytes];
    private readonly byte[] _sealed = new byte[BlobFormat.SegmentBytes + BlobFormat.TagBytes];
    private long _position;
    private long _loaded = -1;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= length || buffer.Length == 0)
        {
            return 0;
        }

        var segment = _position / BlobFormat.SegmentBytes;
        if (segment != _loaded)
        {
            var size = SeekTo(segment);
            await file.ReadExactlyAsync(_sealed.AsMemory(0, size + BlobFormat.TagBytes), cancellationToken);
            Unseal(segment, size);
        }

        return Take(buffer.Span, segment);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        if (_position >= length || buffer.Length == 0)
        {
            return 0;
        }

        var segment = _position / BlobFormat.SegmentBytes;
        if (segment != _loaded)
        {
            var size = SeekTo(segment);
            file.ReadExactly(_sealed.AsSpan(0, size + BlobFormat.TagBytes));
            Unseal(segment, size);
        }

        return Take(buffer, segment);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin)
    {
        var target = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => length + offset,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        return _position = target;
    }

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            CryptographicOperations.ZeroMemory(_plain);
            format.Dispose();
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int SeekTo(long segment)
    {
        _loaded = -1;
        file.Position = BlobFormat.HeaderBytes + (segment * (BlobFormat.SegmentBytes + BlobFormat.TagBytes));
        return (int)Math.Min(BlobFormat.SegmentBytes, length - (segment * BlobFormat.SegmentBytes));
    }

    private void Unseal(long segment, int size)
    {
        var isLast = segment == length / BlobFormat.SegmentBytes;
        format.Unseal((uint)segment, isLast, _sealed.AsSpan(0, size + BlobFormat.TagBytes), _plain);
        _loaded = segment;
    }

    private int Take(Span<byte> buffer, long segment)
    {
        var start = (int)(_position - (segment * BlobFormat.SegmentBytes));
        var available = (int)Math.Min(BlobFormat.SegmentBytes - start, length - _position);
        var taken = Math.Min(available, buffer.Length);
        _plain.AsSpan(start, taken).CopyTo(buffer);
        _position += taken;
        return taken;
    }
}
