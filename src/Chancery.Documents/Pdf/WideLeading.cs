namespace Chancery.Documents;

/// <summary>
/// Puts paragraphs together again that poppler cut into a block a line, as it does where lines stand further apart than
/// about a third of their height.
/// </summary>
internal static class WideLeading
{
    /// <summary>Of the line's height, from one line's top to the next. Double spacing is 1.8.</summary>
    private const float MaxPitch = 1.9f;

    private const int LeastWords = 4;
    private const int LeastWordsOfText = 9;

    public static RawPage Join(RawPage page, CancellationToken cancellationToken)
    {
        var blocks = page.Blocks;
        var joined = new List<RawBlock>(blocks.Count);
        for (var i = 0; i < blocks.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (joined.Count > 0 && GoesOn(joined[^1], i, blocks))
            {
                joined[^1] = new RawBlock(
                    joined[^1].Extent.With(blocks[i].Extent),
                    [.. joined[^1].Lines, .. blocks[i].Lines]
                );
            }
            else
            {
                joined.Add(blocks[i]);
            }
        }

        return joined.Count == blocks.Count ? page : page with { Blocks = joined };
    }

    private static bool GoesOn(RawBlock above, int index, IReadOnlyList<RawBlock> blocks)
    {
        var below = blocks[index];
        var (last, first) = (above.Lines[^1], below.Lines[0]);
        return IsText(last)
            && AreAlike(last, first)
            && SharesEdge(above, last, first)
            // A list of titles or terms is as narrow and even as a paragraph, but starts anew on each line.
            && (last.Words.Count >= LeastWordsOfText || !char.IsUpper(first.Words[0].Text[0]))
            && IsEven(above, below, index + 1 < blocks.Count ? blocks[index + 1] : null)
            && !Paragraphs.IsDeliberateBreak(last, first, Column(above, index, blocks))
            && !Paragraphs.StartsItem(first)
            && !(below.Lines.Count == 1 && HeadingRules.LevelOfText(TextOf(first)) > 0)
            && !HasCellsBeside(last, first, index, blocks);
    }

    private static bool IsText(RawLine line) =>
        line.Words.Count >= LeastWords && line.Words.Count(word => char.IsLetter(word.Text[0])) * 2 > line.Words.Count;

    private static bool AreAlike(RawLine line, RawLine next) =>
        next.Extent.Height / line.Extent.Height is > 0.89f and < 1.12f && Pitch(line, next) is > 0.9f and < MaxPitch;

    /// <summary>The same left edge; the first line of a paragraph may stand further in.</summary>
    private static bool SharesEdge(RawBlock above, RawLine last, RawLine first)
    {
        var indent = last.Extent.Left - first.Extent.Left;
        var em = last.Extent.Height;
        return MathF.Abs(indent) < 0.3f * em || (above.Lines.Count == 1 && indent > 0 && indent < 5 * em);
    }

    /// <summary>Whether the step to the next block is a step from line to line, not one from paragraph to paragraph.</summary>
    private static bool IsEven(RawBlock above, RawBlock below, RawBlock? next)
    {
        var step = Pitch(above.Lines[^1], below.Lines[0]);
        if (above.Lines.Count > 1)
        {
            return step < 1.1f * Pitch(above.Lines[^2], above.Lines[^1]);
        }

        var following =
            below.Lines.Count > 1 ? Pitch(below.Lines[0], below.Lines[1])
            : next is not null && AreAlike(below.Lines[0], next.Lines[0]) ? Pitch(below.Lines[0], next.Lines[0])
            : step;
        return step < 1.1f * following;
    }

    private static float Pitch(RawLine line, RawLine next) => (next.Extent.Top - line.Extent.Top) / line.Extent.Height;

    /// <summary>The lines around, as wide as the widest: where text wraps.</summary>
    private static RawBlock Column(RawBlock above, int index, IReadOnlyList<RawBlock> blocks)
    {
        var edges = above.Extent;
        for (var i = Math.Max(0, index - 2); i < Math.Min(blocks.Count, index + 3); i++)
        {
            var extent = blocks[i].Extent;
            if (MathF.Abs(extent.Left - blocks[index].Extent.Left) < above.Lines[^1].Extent.Height)
            {
                edges = edges.With(extent);
            }
        }

        return above with
        {
            Extent = edges,
        };
    }

    /// <summary>Whether something short stands beside one of the two lines, as in the row of a table.</summary>
    private static bool HasCellsBeside(RawLine last, RawLine first, int index, IReadOnlyList<RawBlock> blocks)
    {
        // Poppler writes the cells of a row near each other.
        for (var i = Math.Max(0, index - 40); i < Math.Min(blocks.Count, index + 40); i++)
        {
            foreach (var line in blocks[i].Lines)
            {
                var isShort = line.Words.Count < LeastWords || !IsText(line);
                if (
                    isShort
                    && line != last
                    && line != first
                    && (Stands(line.Extent, last.Extent) || Stands(line.Extent, first.Extent))
                )
                {
                    return true;
                }
            }
        }

        return false;

        static bool Stands(Extent cell, Extent line) => TableRows.SameRow(cell, line) && cell.SharedWidth(line) <= 0;
    }

    private static string TextOf(RawLine line) => string.Join(' ', line.Words.Select(word => word.Text));
}
