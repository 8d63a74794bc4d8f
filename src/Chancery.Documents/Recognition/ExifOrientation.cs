using System.Buffers.Binary;

namespace Chancery.Documents;

/// <summary>
/// How a camera was held, as a JPEG says it (EXIF). Programs turn such an image before they show it; tesseract does not. That an
/// image is a mirror's, which no camera says, is not looked at.
/// </summary>
internal static class ExifOrientation
{
    /// <summary>What stands before the image itself: small previews, too.</summary>
    public const int HeadBytes = 256 * 1024;

    private const ushort OrientationTag = 0x0112;
    private const int EntryBytes = 12;

    /// <param name="head">The first <see cref="HeadBytes"/> of any image, or all where there are fewer.</param>
    public static Turn Of(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]))
        {
            return Turn.None;
        }

        head = head[2..];
        while (head.Length > 4 && head[0] == 0xFF && head[1] is not (0xD9 or 0xDA))
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
            if (length < 2 || length + 2 > head.Length)
            {
                break;
            }

            var segment = head[4..(length + 2)];
            if (head[1] == 0xE1 && segment.StartsWith("Exif\0\0"u8))
            {
                return InTiff(segment[6..]);
            }

            head = head[(length + 2)..];
        }

        return Turn.None;
    }

    private static Turn InTiff(ReadOnlySpan<byte> tiff)
    {
        var isBig = tiff.StartsWith("MM\0*"u8);
        if (tiff.Length < 8 || !(isBig || tiff.StartsWith("II*\0"u8)))
        {
            return Turn.None;
        }

        var offset = isBig
            ? BinaryPrimitives.ReadUInt32BigEndian(tiff[4..])
            : BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]);
        if (offset > tiff.Length - 2)
        {
            return Turn.None;
        }

        var directory = tiff[(int)offset..];
        var entries = directory[2..];
        for (var left = UInt16(directory, isBig); left > 0 && entries.Length >= EntryBytes; left--)
        {
            if (UInt16(entries, isBig) == OrientationTag)
            {
                return UInt16(entries[8..], isBig) switch
                {
                    3 => Turn.Half,
                    6 => Turn.Up,
                    8 => Turn.Down,
                    _ => Turn.None,
                };
            }

            entries = entries[EntryBytes..];
        }

        return Turn.None;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool isBig) =>
        isBig ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
