namespace Chancery.Documents;

/// <summary>Splits one of poppler's blocks, which may hold several paragraphs.</summary>
internal static class Paragraphs
{
    private const string Bullets = "•◦▪▫●○■□–—·‣⁃*-►▶✓✔➢o";

    public static IReadOnlyList<IReadOnlyList<RawLine>> Split(RawBlock block)
    {
        var paragraphs = new List<IReadOnlyList<RawLine>>();
        var current = new List<RawLine>();
        foreach (var line in block.Lines)
        {
            if (
                current.Count > 0
                && (
                    StartsParagraph(current[^1], line, block)
                    || (current.Count == 1 && Announces(current[0], line, block))
                )
            )
            {
                paragraphs.Add(current);
                current = [];
            }

            current.Add(line);
        }

        paragraphs.Add(current);
        return paragraphs;
    }

    /// <summary>Whether the next line's first word would have fitted at this line's end, so that somebody broke it there.</summary>
    public static bool IsDeliberateBreak(RawLine line, RawLine next, RawBlock block)
    {
        var room = block.Extent.Right - line.Extent.Right;
        var indent = line.Extent.Left - block.Extent.Left;
        if (indent > line.Extent.Height && MathF.Abs(indent - room) < line.Extent.Height)
        {
            // Centred: what is free stands half on either side.
            room += indent;
        }

        return room > next.Words[0].Extent.Width + (0.5f * line.Extent.Height);
    }

    /// <summary>Whether a line is a small heading that poppler left in one block with the paragraph below it.</summary>
    public static bool Announces(RawLine line, RawLine next, RawBlock block) =>
        line.Words.Count <= 12
        && next.Words.Count > 4
        && line.Extent.Width < 0.75f * block.Extent.Width
        && next.Extent.Width > 0.6f * block.Extent.Width
        && IsDeliberateBreak(line, next, block)
        && char.IsUpper(next.Words[0].Text[0])
        && IsTitle(line.Words);

    /// <summary>Whether these lines are the title of the table below them.</summary>
    public static bool Captions(IReadOnlyList<RawLine> lines, PageUnit below) =>
        below.IsTable
        && lines.Count <= 3
        && below.Extent.Top - lines[^1].Extent.Bottom < 3 * lines[^1].Extent.Height
        && below.Extent.Top > lines[0].Extent.Top
        && lines[0].Words.Count >= 2
        && IsTitle(lines[0].Words);

    // Capitals on all but the small words.
    public static bool IsTitle(IReadOnlyList<RawWord> words)
    {
        var last = words[^1].Text;
        if (!char.IsUpper(words[0].Text[0]) || !(char.IsLetterOrDigit(last[^1]) || last[^1] is ')' or '’'))
        {
            return false;
        }

        foreach (var word in words)
        {
            if (!char.IsUpper(word.Text[0]) && word.Text.Length > 4)
            {
                return false;
            }
        }

        return true;
    }

    public static bool StartsItem(RawLine line)
    {
        var first = line.Words[0].Text;
        if (line.Words.Count < 2)
        {
            return false;
        }

        return first.Length == 1 ? Bullets.Contains(first[0], StringComparison.Ordinal) : IsEnumerator(first);
    }

    private static bool StartsParagraph(RawLine previous, RawLine line, RawBlock block)
    {
        var ratio = line.Extent.Height / previous.Extent.Height;
        if (ratio is > 1.12f or < 0.89f)
        {
            return true;
        }

        if (StartsItem(line))
        {
            return true;
        }

        // A first-line indent, where the line before has room to spare or ends a sentence.
        var ends = previous.Words[^1].Text[^1] is '.' or ':' or ';' or '!' or '?' or '"' or '”' or ')';
        var indent = line.Extent.Left - block.Extent.Left;
        return ends
            && (
                IsDeliberateBreak(previous, line, block)
                || (
                    indent > 0.6f * line.Extent.Height
                    && indent < 5 * line.Extent.Height
                    && previous.Extent.Left - block.Extent.Left < 0.3f * line.Extent.Height
                )
            );
    }

    // "(a)", "1.", "iv)", "12)"
    private static bool IsEnumerator(string word)
    {
        var body = word.AsSpan().TrimStart('(');
        if (body.Length is < 2 or > 5 || body[^1] is not ('.' or ')'))
        {
            return false;
        }

        body = body[..^1];
        var isNumber = true;
        foreach (var character in body)
        {
            isNumber &= char.IsAsciiDigit(character);
        }

        return (isNumber && body.Length <= 2)
            || (body.Length == 1 && char.IsAsciiLetter(body[0]))
            || (body.IndexOfAnyExcept("ivx") < 0 && word[^1] == ')');
    }
}
