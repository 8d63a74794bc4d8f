using System.Text;

namespace Chancery.Evaluation.RedTeam;

/// <summary>Other writings of a text: those in which attacks hide, and in which models are told to hide what they give away.</summary>
internal static class Writings
{
    private const int TagBase = 0xE0000;
    private const int LongestRepetition = 20_000;
    private const char ZeroWidthSpace = '\u200B';
    private const char ZeroWidthNonJoiner = '\u200C';

    private static readonly Dictionary<string, Func<string, string>> _all = new(StringComparer.Ordinal)
    {
        ["tags"] = Tags,
        ["selectors"] = Selectors,
        ["zero_width"] = ZeroWidth,
        ["turned"] = text => "\u202E" + Reverse(text) + "\u202C",
        ["reversed"] = Reverse,
        ["base64"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        ["hex"] = text => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
        ["rot13"] = text => string.Concat(text.Select(Rot13)),
        ["spaced"] = text => string.Join(' ', text.AsEnumerable()),
        ["hyphenated"] = text => string.Join('-', text.AsEnumerable()),
        ["split_by_zero_width"] = text => string.Join(ZeroWidthSpace, text.AsEnumerable()),
        ["repeated"] = text =>
            string.Concat(Enumerable.Repeat(text, Math.Clamp(LongestRepetition / Math.Max(1, text.Length), 1, 1_000))),
    };

    public static bool Has(string name) => _all.ContainsKey(name);

    public static string Write(string name, string text) => _all.TryGetValue(name, out var write) ? write(text) : text;

    /// <summary>What a text's unseen characters spell: tags, bytes in variation selectors, bits in two that have no width.</summary>
    public static string Hidden(string text)
    {
        var tags = new StringBuilder();
        var bytes = new List<byte>();
        var bits = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case >= TagBase + 0x20 and <= TagBase + 0x7E:
                    tags.Append((char)(rune.Value - TagBase));
                    break;
                case >= 0xFE00 and <= 0xFE0F:
                    bytes.Add((byte)(rune.Value - 0xFE00));
                    break;
                case >= 0xE0100 and <= 0xE01EF:
                    bytes.Add((byte)(rune.Value - 0xE0100 + 16));
                    break;
                case ZeroWidthSpace:
                    bits.Append('0');
                    break;
                case ZeroWidthNonJoiner:
                    bits.Append('1');
                    break;
            }
        }

        var spelt = new byte[bits.Length / 8];
        for (var i = 0; i < spelt.Length; i++)
        {
            spelt[i] = Convert.ToByte(bits.ToString(i * 8, 8), 2);
        }

        return string.Join('\n', tags, Encoding.UTF8.GetString([.. bytes]), Encoding.UTF8.GetString(spelt));
    }

    public static string Reverse(string text)
    {
        var runes = text.EnumerateRunes().Reverse();
        return string.Concat(runes.Select(rune => rune.ToString()));
    }

    public static char Rot13(char c) =>
        c is >= 'a' and <= 'z' ? (char)('a' + ((c - 'a' + 13) % 26))
        : c is >= 'A' and <= 'Z' ? (char)('A' + ((c - 'A' + 13) % 26))
        : c;

    private static string Tags(string text) =>
        string.Concat(text.Where(c => c is >= ' ' and <= '~').Select(c => char.ConvertFromUtf32(TagBase + c)));

    private static string Selectors(string text) =>
        string.Concat(
            Encoding
                .UTF8.GetBytes(text)
                .Select(one => char.ConvertFromUtf32(one < 16 ? 0xFE00 + one : 0xE0100 + one - 16))
        );

    private static string ZeroWidth(string text) =>
        string.Concat(
            Encoding
                .UTF8.GetBytes(text)
                .SelectMany(one => Convert.ToString(one, 2).PadLeft(8, '0'))
                .Select(bit => bit == '0' ? ZeroWidthSpace : ZeroWidthNonJoiner)
        );
}
