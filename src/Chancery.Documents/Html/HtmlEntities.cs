using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>Characters that HTML writes as names or numbers.</summary>
internal static class HtmlEntities
{
    private const int MaxNameLength = 33;

    /// <summary>What numbers from 0x80 to 0x9F mean, as if they were Windows-1252.</summary>
    private const string Windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

    private static readonly Lazy<Dictionary<string, string>> Names = new(Load);

    /// <summary>Replaces them. What is no character of HTML stays as it is written.</summary>
    /// <param name="inAttribute">Where a name without semicolon before a letter, a digit or "=" belongs to an address.</param>
    public static string Decode(ReadOnlySpan<char> source, bool inAttribute = false)
    {
        if (!source.Contains('&'))
        {
            return source.ToString();
        }

        var text = new StringBuilder(source.Length);
        while (source.IndexOf('&') is >= 0 and var at)
        {
            text.Append(source[..at]);
            source = source[at..];
            var length = source.Length > 1 && source[1] == '#' ? Number(source, text) : Name(source, text, inAttribute);
            if (length == 0)
            {
                text.Append('&');
                length = 1;
            }

            source = source[length..];
        }

        return text.Append(source).ToString();
    }

    private static int Number(ReadOnlySpan<char> source, StringBuilder text)
    {
        var isHex = source.Length > 2 && source[2] is 'x' or 'X';
        var start = isHex ? 3 : 2;
        var end = start;
        var value = 0;
        while (end < source.Length && (isHex ? char.IsAsciiHexDigit(source[end]) : char.IsAsciiDigit(source[end])))
        {
            value = Math.Min((value * (isHex ? 16 : 10)) + Convert.ToInt32(source[end].ToString(), 16), 0x110000);
            end++;
        }

        if (end == start)
        {
            return 0;
        }

        if (value is >= 0x80 and <= 0x9F)
        {
            text.Append(Windows1252[value - 0x80]);
        }
        else
        {
            text.Append(Rune.TryCreate(value, out var rune) && value != 0 ? rune.ToString() : "\uFFFD");
        }

        return end < source.Length && source[end] == ';' ? end + 1 : end;
    }

    private static int Name(ReadOnlySpan<char> source, StringBuilder text, bool inAttribute)
    {
        var end = 1;
        while (end < source.Length && end <= MaxNameLength && char.IsAsciiLetterOrDigit(source[end]))
        {
            end++;
        }

        var names = Names.Value.GetAlternateLookup<ReadOnlySpan<char>>();
        if (end < source.Length && source[end] == ';' && names.TryGetValue(source[1..(end + 1)], out var whole))
        {
            text.Append(whole);
            return end + 1;
        }

        if (inAttribute)
        {
            return 0;
        }

        // Some may be written without their semicolon, even with letters after them.
        for (; end > 1; end--)
        {
            if (names.TryGetValue(source[1..end], out var found))
            {
                text.Append(found);
                return end;
            }
        }

        return 0;
    }

    private static Dictionary<string, string> Load()
    {
        using var stream = typeof(HtmlEntities).Assembly.GetManifestResourceStream("entities.txt")!;
        using var lines = new StreamReader(stream);
        var names = new Dictionary<string, string>(2300, StringComparer.Ordinal);
        lines.ReadLine();
        while (lines.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            names[fields[0]] = string.Concat(
                fields[1..]
                    .Select(point => new Rune(int.Parse(point, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))
            );
        }

        return names;
    }
}
