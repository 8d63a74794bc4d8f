namespace Chancery.Documents;

/// <summary>
/// A member's inflated bytes. Counts them against the archive's budget and against what the member may hold for its packed
/// size, refuses markup whose single value would not fit into memory, and checks the checksum at the end.
/// </summary>
internal sealed class CountedStream(Stream content, ZipMember member, InflationBudget budget) : Stream
{
    private const long MaxBytes = 300_000_000;

    /// <summary>Any document may be packed well where it is small; large ones of text are not packed better than this.</summary>
    private const long FreeBytes = 20_000_000;
    private const long MaxRatio = 400;

    /// <summary>No attribute and no text of a real document is longer; an XML reader holds each whole.</summary>
    private const int MaxBytesWithoutMarkup = 8_000_000;

    private readonly Crc32 _crc = new();
    private long _read;
    private int _withoutMarkup;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = content.Read(buffer);
        if (read == 0)
        {
            // What is left of a damaged member can still be well-formed, and say something else.
            return buffer.Length == 0 || _crc.Value == member.Crc ? 0 : throw Failures.DamagedOffice();
        }

        var bytes = buffer[..read];
        _crc.Add(bytes);
        _read += read;
        budget.Spend(read);
        if (_read > MaxBytes || (_read > FreeBytes && _read / MaxRatio > member.CompressedBytes))
        {
            throw Failures.UnpacksTooLarge();
        }

        var first = bytes.IndexOf((byte)'<');
        _withoutMarkup += first < 0 ? read : first;
        if (_withoutMarkup > MaxBytesWithoutMarkup)
        {
            throw Failures.UnpacksTooLarge();
        }

        _withoutMarkup = first < 0 ? _withoutMarkup : read - 1 - bytes.LastIndexOf((byte)'<');
        return read;
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
        }

        base.Dispose(disposing);
    }
}
