namespace Chancery.Documents;

/// <summary>
/// Compact binary form of a page's word boxes, some 4 bytes a word, versioned: what is stored today can be read next year.
/// Places are kept to a quarter of a point.
/// </summary>
/// <remarks>
/// Version 1: the version, the number of words, then for each word a head byte (bit 0: starts one character after the word
/// before; bit 1: same top; bit 2: same height; bits 3 to 7: length up to 31, else 0) and, where the head does not say them,
/// start, length, left, top, width, height as varints, relative to the word before.
/// </remarks>
public static class WordBoxes
{
    private const byte Version = 1;
    private const int UnitsPerPoint = 4;
    private const int StartsNext = 1;
    private const int SameTop = 2;
    private const int SameHeight = 4;
    private const int LengthShift = 3;
    private const int MaxShortLength = 31;

    /// <param name="words">In text order.</param>
    public static byte[] Encode(IReadOnlyList<WordBox> words)
    {
        ArgumentNullException.ThrowIfNull(words);

        var bytes = new List<byte>(2 + (words.Count * 4)) { Version };
        WriteUnsigned(bytes, words.Count);
        var previous = default(Quantised);
        foreach (var word in words)
        {
            var next = Quantised.Of(word);
            var head =
                (next.Start == previous.End + 1 ? StartsNext : 0)
                | (next.Top == previous.Top ? SameTop : 0)
                | (next.Height == previous.Height ? SameHeight : 0)
                | (next.Length <= MaxShortLength ? next.Length << LengthShift : 0);
            bytes.Add((byte)head);
            if ((head & StartsNext) == 0)
            {
                WriteSigned(bytes, next.Start - previous.End);
            }

            if (next.Length > MaxShortLength)
            {
                WriteUnsigned(bytes, next.Length);
            }

            WriteSigned(bytes, next.Left - previous.Right);
            if ((head & SameTop) == 0)
            {
                WriteSigned(bytes, next.Top - previous.Top);
            }

            WriteUnsigned(bytes, next.Width);
            if ((head & SameHeight) == 0)
            {
                WriteSigned(bytes, next.Height - previous.Height);
            }

            previous = next;
        }

        return [.. bytes];
    }

    /// <exception cref="InvalidDataException">Not written by <see cref="Encode"/>, or cut short.</exception>
    public static IReadOnlyList<WordBox> Decode(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length < 2 || encoded[0] != Version)
        {
            throw new InvalidDataException("These are no word boxes of a version that is known here.");
        }

        encoded = encoded[1..];
        var count = ReadUnsigned(ref encoded);
        // Every word takes at least three bytes, so a damaged count cannot ask for more memory than it sent.
        if (count > encoded.Length / 3)
        {
            throw Damaged();
        }

        var words = new WordBox[count];
        var previous = default(Quantised);
        for (var i = 0; i < count; i++)
        {
            if (encoded.IsEmpty)
            {
                throw Damaged();
            }

            int head = encoded[0];
            encoded = encoded[1..];
            var start = previous.End + ((head & StartsNext) != 0 ? 1 : ReadSigned(ref encoded));
            var length = head >> LengthShift is > 0 and var shortLength ? shortLength : ReadUnsigned(ref encoded);
            var left = previous.Right + ReadSigned(ref encoded);
            var top = previous.Top + ((head & SameTop) != 0 ? 0 : ReadSigned(ref encoded));
            var width = ReadUnsigned(ref encoded);
            var height = previous.Height + ((head & SameHeight) != 0 ? 0 : ReadSigned(ref encoded));
            previous = new Quantised(start, length, left, top, width, height);
            words[i] = previous.ToBox();
        }

        return encoded.IsEmpty ? words : throw Damaged();
    }

    private static InvalidDataException Damaged() => new("The stored word boxes are damaged or cut short.");

    private static void WriteSigned(List<byte> bytes, int value) => WriteUnsigned(bytes, (value << 1) ^ (value >> 31));

    private static void WriteUnsigned(List<byte> bytes, int value)
    {
        var rest = (uint)value;
        while (rest >= 0x80)
        {
            bytes.Add((byte)(rest | 0x80));
            rest >>= 7;
        }

        bytes.Add((byte)rest);
    }

    private static int ReadSigned(ref ReadOnlySpan<byte> bytes)
    {
        var value = (uint)ReadUnsigned(ref bytes);
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    private static int ReadUnsigned(ref ReadOnlySpan<byte> bytes)
    {
        uint value = 0;
        for (var i = 0; i < 5 && i < bytes.Length; i++)
        {
            value |= (uint)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return (int)value;
            }
        }

        throw Damaged();
    }

    private readonly record struct Quantised(int Start, int Length, int Left, int Top, int Width, int Height)
    {
        public int End => Start + Length;

        public int Right => Left + Width;

        public static Quantised Of(WordBox box) =>
            new(
                box.Start,
                box.Length,
                Units(box.X),
                Units(box.Y),
                Math.Max(0, Units(box.X + box.Width) - Units(box.X)),
                Units(box.Height)
            );

        public WordBox ToBox() => new(Start, Length, Points(Left), Points(Top), Points(Width), Points(Height));

        private static int Units(float points) => (int)MathF.Round(points * UnitsPerPoint);

        private static float Points(int units) => units / (float)UnitsPerPoint;
    }
}
