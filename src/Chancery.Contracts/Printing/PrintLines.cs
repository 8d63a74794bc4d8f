using System.Text;

namespace Chancery.Contracts.Printing;

/// <summary>Words on a line, from where it begins. Points.</summary>
internal readonly record struct PrintedPiece(double At, string Text, bool IsBold);

/// <summary>Breaks a block into lines; gathers the letters that cannot be shown.</summary>
internal sealed class PrintLines(PrintFonts fonts)
{
    private const char Unknown = '□';

    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Missing => [.. _missing];

    /// <summary>One line at least.</summary>
    public List<List<PrintedPiece>> Break(PrintBlock block, double width)
    {
        List<List<PrintedPiece>> lines =
        [
            [],
        ];
        var at = 0.0;
        foreach (var (word, isBold) in Words(block))
        {
            var own = fonts.Width(word, block.Size, isBold, block.IsItalic);
            var seen = fonts.Width(word.TrimEnd(), block.Size, isBold, block.IsItalic);
            if (at > 0 && at + seen > width)
            {
                lines.Add([]);
                at = 0;
            }

            var left = word;
            while (seen > width && left.Length > 1)
            {
                // A word longer than a line is cut where the line ends.
                var fit = 1;
                while (fit < left.Length && fonts.Width(left[..(fit + 1)], block.Size, isBold, block.IsItalic) <= width)
                {
                    fit++;
                }

                fit -= fit > 1 && char.IsHighSurrogate(left[fit - 1]) ? 1 : 0;
                lines[^1].Add(new PrintedPiece(0, left[..fit], isBold));
                lines.Add([]);
                left = left[fit..];
                seen = fonts.Width(left.TrimEnd(), block.Size, isBold, block.IsItalic);
                own = fonts.Width(left, block.Size, isBold, block.IsItalic);
            }

            lines[^1].Add(new PrintedPiece(at, left, isBold));
            at += own;
        }

        return lines;
    }

    /// <summary>A text with □ for what cannot be shown.</summary>
    public string Shown(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\t' or '\n' or '\r')
            {
                shown.Append("    ");
            }
            else if (SerifFonts.Has(rune.Value) && rune.Value is not (>= 0x0590 and <= 0x08FF))
            {
                shown.Append(rune.ToString());
            }
            else if (!Rune.IsControl(rune))
            {
                _missing.Add(rune.ToString());
                shown.Append(Unknown);
            }
        }

        return shown.ToString();
    }

    /// <summary>Each with the space behind it.</summary>
    private IEnumerable<(string Word, bool IsBold)> Words(PrintBlock block)
    {
        foreach (var (text, isBold) in block.Words)
        {
            var shown = Shown(text);
            for (var start = 0; start < shown.Length; )
            {
                var space = shown.IndexOf(' ', start);
                var end = space < 0 ? shown.Length : space + 1;
                yield return (shown[start..end], isBold);
                start = end;
            }
        }
    }
}
