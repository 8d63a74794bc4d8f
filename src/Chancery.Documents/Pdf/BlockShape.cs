namespace Chancery.Documents;

/// <summary>What a block looks like without reading it.</summary>
/// <param name="IsWrapped">Most lines reach the right edge, as running text does and cells do not.</param>
internal readonly record struct BlockShape(int Lines, double WordsPerLine, double NumericShare, bool IsWrapped)
{
    public bool IsProse => Lines >= 3 && WordsPerLine >= 4.5 && NumericShare < 0.4;

    private bool IsNumeric => NumericShare >= 0.6;

    private bool IsShort => WordsPerLine <= 3;

    public static BlockShape Of(RawBlock block)
    {
        var words = 0;
        var numeric = 0;
        foreach (var line in block.Lines)
        {
            foreach (var word in line.Words)
            {
                words++;
                numeric += IsNumber(word.Text) ? 1 : 0;
            }
        }

        return new BlockShape(
            block.Lines.Count,
            (double)words / block.Lines.Count,
            (double)numeric / words,
            Wraps(block)
        );
    }

    /// <summary>Whether two blocks side by side are cells of one table rather than columns of running text.</summary>
    public static bool AreCells(RawBlock one, BlockShape oneShape, RawBlock other, BlockShape otherShape)
    {
        if (oneShape.IsProse && otherShape.IsProse)
        {
            return false;
        }

        if (oneShape.IsProse || otherShape.IsProse)
        {
            // Long labels beside their numbers, or a mark beside its paragraph; not a short heading beside a column.
            var (prose, cells, shape) = oneShape.IsProse ? (one, other, otherShape) : (other, one, oneShape);
            var proseShape = oneShape.IsProse ? oneShape : otherShape;
            return (shape.IsNumeric && Share(prose, cells) >= (proseShape.IsWrapped ? 0.5 : 0.3))
                || (shape.IsShort && !proseShape.IsWrapped && Share(prose, cells) >= 0.6)
                || (shape is { Lines: 1, WordsPerLine: <= 1 } && StandsAtFirstLine(cells, prose));
        }

        return (oneShape.IsNumeric || otherShape.IsNumeric || oneShape.IsShort || otherShape.IsShort)
            && Math.Max(Share(one, other), Share(other, one)) >= 0.5;
    }

    /// <summary>Whether most lines of one block are rows of several cells by themselves.</summary>
    public static bool IsGrid(RawBlock block)
    {
        if (block.Lines.Count < 4)
        {
            return false;
        }

        var beside = 0;
        for (var i = 1; i < block.Lines.Count; i++)
        {
            beside += TableRows.SameRow(block.Lines[i - 1].Extent, block.Lines[i].Extent) ? 1 : 0;
        }

        return beside * 3 >= block.Lines.Count;
    }

    private static bool Wraps(RawBlock block)
    {
        var full = 0;
        for (var i = 0; i < block.Lines.Count - 1; i++)
        {
            full += block.Extent.Right - block.Lines[i].Extent.Right < 0.12f * block.Extent.Width ? 1 : 0;
        }

        return block.Lines.Count > 2 && full >= 0.7 * (block.Lines.Count - 1);
    }

    /// <summary>The share of lines of <paramref name="block"/> that have a line of the other beside them.</summary>
    private static double Share(RawBlock block, RawBlock beside)
    {
        var rows = 0;
        foreach (var line in block.Lines)
        {
            foreach (var other in beside.Lines)
            {
                if (TableRows.SameRow(line.Extent, other.Extent))
                {
                    rows++;
                    break;
                }
            }
        }

        return (double)rows / block.Lines.Count;
    }

    private static bool StandsAtFirstLine(RawBlock mark, RawBlock prose) =>
        mark.Extent.Right <= prose.Extent.Left + 1
        && prose.Extent.Left - mark.Extent.Right < 4 * mark.Extent.Height
        && TableRows.SameRow(mark.Lines[0].Extent, prose.Lines[0].Extent);

    private static bool IsNumber(string word)
    {
        var digits = 0;
        foreach (var character in word)
        {
            if (char.IsAsciiDigit(character))
            {
                digits++;
            }
            else if (!"$€£¥%()+-–—.,*/ ".Contains(character, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return digits > 0 || word is "$" or "€" or "£" or "—" or "–" or "-" or "%" or ")" or ")%";
    }
}
