using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>The texts that a workbook's cells refer to by number, kept as UTF-8: there can be millions.</summary>
internal sealed partial class SharedStrings
{
    private const int BlockBytes = 1 << 22;
    private const int MaxCount = 4_000_000;
    private const long MaxBytes = 120_000_000;

    private readonly List<byte[]> _blocks = [];
    private readonly List<(int Block, int Start, int Length)> _places = [];
    private int _used = BlockBytes;
    private long _bytes;

    public string this[int index]
    {
        get
        {
            if (index < 0 || index >= _places.Count)
            {
                return "";
            }

            var (block, start, length) = _places[index];
            return Encoding.UTF8.GetString(_blocks[block], start, length);
        }
    }

    /// <exception cref="DocumentUnreadableException">There is more than is kept in memory.</exception>
    public static SharedStrings Read(PartReader? part)
    {
        var strings = new SharedStrings();
        using (part)
        {
            while (part?.ToElement() == true)
            {
                if (part.Name == "x:si")
                {
                    strings.Add(RichText(part.Tree()));
                }
            }
        }

        return strings;
    }

    /// <summary>Plain text or runs, without how it is pronounced.</summary>
    public static string RichText(XmlNode item)
    {
        var text = string.Concat(
            item.Children.Select(node =>
                node.Name switch
                {
                    "x:t" => node.Text,
                    "x:r" => node.Child("x:t")?.Text,
                    _ => "",
                }
            )
        );
        return Unescape(text);
    }

    /// <summary>Characters that XML cannot hold are written as <c>_x000D_</c>.</summary>
    public static string Unescape(string text) =>
        text.Contains("_x", StringComparison.Ordinal)
            ? Escaped()
                .Replace(
                    text,
                    escape =>
                        (
                            (char)
                                int.Parse(
                                    escape.Groups[1].ValueSpan,
                                    NumberStyles.HexNumber,
                                    CultureInfo.InvariantCulture
                                )
                        ).ToString()
                )
            : text;

    [GeneratedRegex("_x([0-9A-Fa-f]{4})_")]
    private static partial Regex Escaped();

    private void Add(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        _bytes += length;
        if (_places.Count == MaxCount || _bytes > MaxBytes)
        {
            throw Failures.UnpacksTooLarge();
        }

        if (_used + length > BlockBytes || _blocks.Count == 0)
        {
            _blocks.Add(new byte[Math.Max(BlockBytes, length)]);
            _used = 0;
        }

        Encoding.UTF8.GetBytes(text, _blocks[^1].AsSpan(_used));
        _places.Add((_blocks.Count - 1, _used, length));
        _used += length;
    }
}
