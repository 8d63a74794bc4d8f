using Chancery.Server.Platform.Streams;

namespace Chancery.Server.Knowledge.Fetching;

/// <summary>Bytes that were read already, and then what follows them. Read forward only.</summary>
/// <param name="rest">Disposed with this.</param>
internal sealed class ChainedStream(ReadOnlyMemory<byte> head, Stream rest) : ReadOnceStream
{
    private ReadOnlyMemory<byte> _head = head;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_head.IsEmpty || buffer.IsEmpty)
        {
            return rest.ReadAsync(buffer, cancellationToken);
        }

        var read = Math.Min(buffer.Length, _head.Length);
        _head[..read].CopyTo(buffer);
        _head = _head[read..];
        return ValueTask.FromResult(read);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rest.Dispose();
        }

        base.Dispose(disposing);
    }
}
