using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>How a page is encoded: by its mark, by what it says of itself, else as its bytes look.</summary>
internal static partial class HtmlEncoding
{
    private const int SaidWithin = 4096;

    /// <exception cref="DocumentUnreadableException">It is no text.</exception>
    public static string Decode(byte[] content)
    {
        var sniffed = TextDecoding.Sniff(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)));
        if (sniffed is { IsCertain: true })
        {
            return sniffed.Decode(content);
        }

        // A page in a script with bytes of its own looks like no text to one who has not read what it says.
        var said = Said(content);
        return said is not null ? said.GetString(content)
            : sniffed is not null ? sniffed.Decode(content)
            : throw Failures.NotText();
    }

    private static Encoding? Said(byte[] content)
    {
        var head = Encoding.Latin1.GetString(content, 0, Math.Min(content.Length, SaidWithin));
        if (Declaration().Match(head) is not { Success: true } match)
        {
            return null;
        }

        var name = match.Groups["name"].Value.ToLowerInvariant();
        name = name switch
        {
            // As browsers read them: the one is nearly always the other.
            "iso-8859-1" or "latin1" or "us-ascii" or "ascii" => "windows-1252",
            "iso-8859-9" => "windows-1254",
            "gb2312" or "gbk" => "gb18030",
            "x-sjis" => "shift_jis",
            _ => name,
        };
        try
        {
            var encoding = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
            // A page that could be read as far as here is not in an encoding of two bytes.
            return encoding is UnicodeEncoding or UTF32Encoding or UTF8Encoding ? null : encoding;
        }
        catch (ArgumentException)
        {
            return null;
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    [GeneratedRegex(
        """(?:<meta\s[^>]*?charset|<\?xml[^>]*?encoding)\s*=\s*["']?\s*(?<name>[A-Za-z0-9._:-]{2,40})""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Declaration();
}
