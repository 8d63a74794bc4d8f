using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Chancery.Server.Knowledge;

/// <summary>Where the next page of a list begins: after this row, newest first.</summary>
internal readonly record struct Cursor(DateTimeOffset CreatedAt, Guid Id)
{
    private const int SizeBytes = 24;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[SizeBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, CreatedAt.UtcTicks);
        Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Null text is the first page; false for a text that no list gave out.</summary>
    public static bool TryParse(string? text, out Cursor? cursor)
    {
        cursor = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[SizeBytes];
        // The Try… form throws for a character that it does not know.
        if (
            text.Length > 64
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done
            || written != SizeBytes
        )
        {
            return false;
        }

        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            return false;
        }

        cursor = new Cursor(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[8..], bigEndian: true));
        return true;
    }
}
