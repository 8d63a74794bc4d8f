using System.Text;

namespace Chancery.Guards.Injection;

/// <summary>Characters that nobody sees, by what they are misused for.</summary>
public enum InvisibleKind
{
    /// <summary>Unicode's tags, which spell ASCII out unseen.</summary>
    Tags,

    /// <summary>Variation selectors one after another, each of which carries a byte.</summary>
    VariationSelectors,

    /// <summary>Characters that turn the direction of text, so that it reads as other than it is.</summary>
    Direction,

    /// <summary>Characters of no width inside words, which hide the words from filters.</summary>
    ZeroWidth,

    /// <summary>Control characters that no text needs.</summary>
    Control,
}

/// <param name="Kind">What it is misused for.</param>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="Length">In UTF-16 units.</param>
public readonly record struct InvisibleSpan(InvisibleKind Kind, int Start, int Length);

/// <summary>
/// Finds text that nobody sees. What scripts and emoji need is left alone: joiners between letters of scripts that join, and between emoji;
/// one variation selector behind a sign; the tags of flags.
/// </summary>
public static class InvisibleText
{
    private const int BlackFlag = 0x1F3F4;
    private const int CancelTag = 0xE007F;

    /// <summary>In the text's order; neighbours of one kind are one span.</summary>
    public static IReadOnlyList<InvisibleSpan> Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var spans = new List<InvisibleSpan>();
        var before = 0;
        for (var at = 0; at < text.Length; )
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            if (rune.Value == BlackFlag && FlagLength(text, at + length) is var flag and > 0)
            {
                at += length + flag;
                before = BlackFlag;
                continue;
            }

            if (KindOf(text, at, rune.Value, length, before) is { } kind)
            {
                Add(spans, kind, at, length);
            }

            before = rune.Value;
            at += length;
        }

        return spans;
    }

    /// <summary>The text without what <see cref="Find"/> finds.</summary>
    public static string Remove(string text)
    {
        var spans = Find(text);
        if (spans.Count == 0)
        {
            return text;
        }

        var seen = new StringBuilder(text.Length);
        var at = 0;
        foreach (var span in spans)
        {
            seen.Append(text, at, span.Start - at);
            at = span.Start + span.Length;
        }

        return seen.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>What tags and variation selectors spell, for a log or a test of injection; empty where they spell nothing.</summary>
    public static string Decode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var spelled = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= 0xE0020 and <= 0xE007E)
            {
                spelled.Append((char)(rune.Value - 0xE0000));
            }
            else if (
                rune.Value is >= 0xE0100 and <= 0xE01EF
                && rune.Value - 0xE0100 + 16 is >= 0x20 and < 0x7F and var c
            )
            {
                spelled.Append((char)c);
            }
        }

        return spelled.ToString();
    }

    private static InvisibleKind? KindOf(string text, int at, int value, int length, int before) =>
        value switch
        {
            >= 0xE0000 and <= 0xE007F => InvisibleKind.Tags,
            >= 0xE0100 and <= 0xE01EF => IsIdeograph(before) ? null : InvisibleKind.VariationSelectors,
            >= 0xFE00 and <= 0xFE0F => before > 0x20 && !IsSelector(before) ? null : InvisibleKind.VariationSelectors,
            // Marks of direction are part of ordinary Arabic and Hebrew; overrides, embeddings and isolates are not of plain text.
            0x200E or 0x200F or 0x061C => IsRightToLeft(before) || IsRightToLeft(Next(text, at + length))
                ? null
                : InvisibleKind.Direction,
            (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x206F) => InvisibleKind.Direction,
            0x200C or 0x200D => Joins(before) || Joins(Next(text, at + length)) ? null : InvisibleKind.ZeroWidth,
            0x200B or 0x2060 or 0xFEFF or 0x00AD or 0x180E or 0x034F or 0x115F or 0x1160 or 0x3164 or 0xFFA0 =>
                InvisibleKind.ZeroWidth,
            >= 0x2061 and <= 0x2064 => InvisibleKind.ZeroWidth,
            (< 0x20 and not ('\t' or '\n' or '\r' or '\f')) or (>= 0x7F and < 0xA0 and not 0x85) =>
                InvisibleKind.Control,
            _ => null,
        };

    private static void Add(List<InvisibleSpan> spans, InvisibleKind kind, int start, int length)
    {
        if (spans is [.., var last] && last.Kind == kind && last.Start + last.Length == start)
        {
            spans[^1] = last with { Length = last.Length + length };
        }
        else
        {
            spans.Add(new(kind, start, length));
        }
    }

    /// <summary>Of the tags that make a black flag that of a region: two to six letters or digits and an end.</summary>
    private static int FlagLength(string text, int start)
    {
        var at = start;
        for (var tags = 0; tags < 8 && at < text.Length; tags++)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            at += length;
            if (rune.Value == CancelTag)
            {
                return tags >= 2 ? at - start : 0;
            }

            if (rune.Value is not ((>= 0xE0030 and <= 0xE0039) or (>= 0xE0061 and <= 0xE007A)))
            {
                return 0;
            }
        }

        return 0;
    }

    private static int Next(string text, int at)
    {
        if (at >= text.Length)
        {
            return 0;
        }

        Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out _);
        return rune.Value;
    }

    private static bool IsSelector(int value) => value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);

    private static bool IsIdeograph(int value) =>
        value is (>= 0x3400 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    private static bool IsRightToLeft(int value) =>
        value is (>= 0x0590 and <= 0x08FF) or (>= 0xFB1D and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFC);

    /// <summary>Arabic, Syriac, N'Ko, Mongolian, the scripts of India and South-East Asia, and emoji.</summary>
    private static bool Joins(int value) =>
        value
            is (>= 0x0600 and <= 0x08FF)
                or (>= 0x0900 and <= 0x0DFF)
                or (>= 0x0E80 and <= 0x109F)
                or (>= 0x1780 and <= 0x18AF)
                or (>= 0x2190 and <= 0x27BF)
                or (>= 0x2B00 and <= 0x2BFF)
                or 0xFE0F
                or (>= 0x1F000 and <= 0x1FAFF);
}
