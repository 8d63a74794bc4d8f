using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Chancery.Documents;

/// <summary>How a text is encoded: UTF-8, UTF-16 with or without a byte order mark, else Windows-1252.</summary>
internal sealed class TextDecoding
{
    private readonly Encoding? _encoding;
    private readonly int _preamble;

    private TextDecoding(Encoding? encoding, int preamble = 0, bool isCertain = true)
    {
        _encoding = encoding;
        _preamble = preamble;
        IsCertain = isCertain;
    }

    /// <summary>Whether the bytes prove it, so that what the text says of itself does not matter.</summary>
    public bool IsCertain { get; }

    // What the bytes 0x80 to 0x9F mean in Windows-1252; those it leaves undefined become the replacement character.
    private const string Windows1252 = "€�‚ƒ„…†‡ˆ‰Š‹Œ�Ž��‘’“”•–—˜™š›œ�žŸ";

    /// <summary>Null where the bytes are no text.</summary>
    public static TextDecoding? Sniff(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            return new TextDecoding(Encoding.UTF8, 3);
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
        {
            return new TextDecoding(Encoding.Unicode, 2);
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return new TextDecoding(Encoding.BigEndianUnicode, 2);
        }

        if (head.IndexOf((byte)0) >= 0)
        {
            return SniffUtf16(head);
        }

        if (HasManyControls(head))
        {
            return null;
        }

        if (IsUtf8(head))
        {
            return new TextDecoding(Encoding.UTF8, isCertain: !Ascii.IsValid(head));
        }

        if (IsMostlyUtf8(head))
        {
            return new TextDecoding(Encoding.UTF8);
        }

        // A text in a Western language has few letters beyond ASCII; data has them everywhere.
        var high = 0;
        foreach (var value in head)
        {
            high += value >= 0x80 ? 1 : 0;
        }

        return high <= head.Length * 0.3 ? new TextDecoding(null, isCertain: false) : null;
    }

    public string Decode(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[Math.Min(_preamble, bytes.Length)..];
        // Where the first letter beyond ASCII comes late, it is what tells.
        var isWestern = _encoding is null || (!IsCertain && !Utf8.IsValid(bytes) && !IsMostlyUtf8(bytes));
        if (!isWestern)
        {
            return _encoding!.GetString(bytes);
        }

        var text = new char[bytes.Length];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = bytes[i] is >= 0x80 and <= 0x9F ? Windows1252[bytes[i] - 0x80] : (char)bytes[i];
        }

        return new string(text);
    }

    /// <summary>
    /// Whether it is UTF-8 but for a few broken characters: such sequences are seldom in texts of other encodings, and one that
    /// was cut must not cost the others.
    /// </summary>
    private static bool IsMostlyUtf8(ReadOnlySpan<byte> bytes)
    {
        var (whole, broken) = (0, 0);
        while (bytes.IndexOfAnyExceptInRange((byte)0, (byte)0x7F) is >= 0 and var at)
        {
            bytes = bytes[at..];
            var isWhole = Rune.DecodeFromUtf8(bytes, out _, out var length) == OperationStatus.Done;
            whole += isWhole ? 1 : 0;
            broken += isWhole ? 0 : 1;
            bytes = bytes[length..];
        }

        return whole > broken * 4;
    }

    // ASCII in UTF-16 has a zero in every second byte.
    private static TextDecoding? SniffUtf16(ReadOnlySpan<byte> head)
    {
        Span<int> zeros = stackalloc int[2];
        for (var i = 0; i < head.Length; i++)
        {
            zeros[i & 1] += head[i] == 0 ? 1 : 0;
        }

        var half = head.Length / 2;
        var encoding =
            half == 0 ? null
            : zeros[1] >= half * 0.7 && zeros[0] <= half * 0.02 ? Encoding.Unicode
            : zeros[0] >= half * 0.7 && zeros[1] <= half * 0.02 ? Encoding.BigEndianUnicode
            : null;
        return encoding is null ? null : new TextDecoding(encoding);
    }

    private static bool HasManyControls(ReadOnlySpan<byte> head)
    {
        var controls = 0;
        foreach (var value in head)
        {
            controls += value is < 0x20 and not (0x09 or 0x0A or 0x0C or 0x0D or 0x1B or 0x1A) or 0x7F ? 1 : 0;
        }

        return controls > head.Length * 0.02;
    }

    /// <summary>Whole, but for a character that the end of <paramref name="head"/> cuts.</summary>
    private static bool IsUtf8(ReadOnlySpan<byte> head)
    {
        if (Utf8.IsValid(head))
        {
            return true;
        }

        for (var cut = 1; cut <= 3 && cut < head.Length; cut++)
        {
            if (head[^cut] >= 0xC0)
            {
                return Rune.DecodeFromUtf8(head[^cut..], out _, out _) == OperationStatus.NeedMoreData
                    && Utf8.IsValid(head[..^cut]);
            }
        }

        return false;
    }
}
