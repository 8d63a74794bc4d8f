using System.Buffers.Binary;
using System.Text.Json;

namespace Chancery.Documents;

/// <summary>One running <c>chancery read --serve</c>. Reads one document at a time.</summary>
internal sealed class ReaderChild(SandboxedProcess process) : IAsyncDisposable
{
    private const int PieceBytes = 64 * 1024;

    // A part of a text is some kilobytes; a child that writes such a line is not ours any more.
    private const int MaxLineBytes = 64_000_000;

    private byte[] _buffer = new byte[PieceBytes];
    private int _start;
    private int _end;

    /// <summary>How much of the unread is known to hold no end of a line.</summary>
    private int _looked;

    public int FilesRead { get; private set; }

    /// <summary>Whether its last document was read to the end, so that it can take another.</summary>
    public bool IsIdle { get; private set; } = true;

    public bool HasExited => process.HasExited;

    public async Task SendAsync(ChildRequest request, Stream content, CancellationToken cancellationToken)
    {
        IsIdle = false;
        FilesRead++;
        var json = JsonSerializer.SerializeToUtf8Bytes(request, ChildJson.Default.ChildRequest);
        var listens = await TryWriteFrameAsync(json, cancellationToken);
        var piece = new byte[PieceBytes];
        int read;
        while (listens && (read = await content.ReadAsync(piece, cancellationToken)) > 0)
        {
            listens = await TryWriteFrameAsync(piece.AsMemory(0, read), cancellationToken);
        }

        if (listens)
        {
            await TryWriteFrameAsync(ReadOnlyMemory<byte>.Empty, cancellationToken);
        }
    }

    /// <summary>The next reply, or null when it has ended without saying that it was done.</summary>
    /// <exception cref="InvalidDataException">What it says makes no sense: it is not to be asked again.</exception>
    public async ValueTask<ChildReply?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = _buffer.AsMemory(_start, _end - _start);
            var length = line.Span[_looked..].IndexOf((byte)'\n');
            if (length >= 0)
            {
                length += _looked;
                _looked = 0;
                _start += length + 1;
                var reply = Parse(line.Span[..length]);
                IsIdle = reply is ChildReply.Done or ChildReply.Failed;
                return reply;
            }

            _looked = line.Length;
            if (_start > 0)
            {
                line.CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
            {
                if (_buffer.Length > MaxLineBytes)
                {
                    throw new InvalidDataException("The reply is longer than any page.");
                }

                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await process.Output.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    public Task<(int ExitCode, string Errors)> WaitAsync(CancellationToken cancellationToken) =>
        process.WaitAsync(cancellationToken);

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static ChildReply Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ChildJson.Default.ChildReply)
                ?? throw new InvalidDataException("The reply is empty.");
        }
        catch (Exception cause) when (cause is JsonException or NotSupportedException)
        {
            throw new InvalidDataException("The reply is no reply.", cause);
        }
    }

    private async ValueTask<bool> TryWriteFrameAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, frame.Length);
        return await process.TryWriteAsync(prefix, cancellationToken)
            && await process.TryWriteAsync(frame, cancellationToken);
    }
}
