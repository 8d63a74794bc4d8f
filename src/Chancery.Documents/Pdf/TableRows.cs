namespace Chancery.Documents;

/// <summary>Rebuilds the rows of a table from the places of its words.</summary>
internal static class TableRows
{
    private const string CellSeparator = "  ";

    /// <summary>Rows from top to bottom, each with its words as they are read.</summary>
    public static IReadOnlyList<IReadOnlyList<RawWord>> Of(IEnumerable<RawLine> lines)
    {
        var rows = new List<(Extent Reference, List<RawWord> Words)>();
        foreach (var line in lines.OrderBy(line => line.Extent.Top).ThenBy(line => line.Extent.Left))
        {
            // Lines come by their tops, so only the last few rows can still take one.
            var row = -1;
            for (var i = rows.Count - 1; i >= 0 && i >= rows.Count - 4; i--)
            {
                if (SameRow(rows[i].Reference, line.Extent))
                {
                    row = i;
                    break;
                }
            }

            if (row >= 0)
            {
                rows[row].Words.AddRange(line.Words);
            }
            else
            {
                rows.Add((line.Extent, [.. line.Words]));
            }
        }

        return [.. rows.Select(row => (IReadOnlyList<RawWord>)InOrder(row.Words))];
    }

    private static RawWord[] InOrder(List<RawWord> words) =>
        RightToLeft.IsMostly(words)
            ? [.. words.OrderByDescending(word => word.Extent.Left)]
            : [.. words.OrderBy(word => word.Extent.Left)];

    public static bool SameRow(Extent one, Extent other) =>
        one.SharedHeight(other) > 0.5f * Math.Min(one.Height, other.Height);

    /// <summary>Nothing inside a number, a space inside a cell, two between cells.</summary>
    public static string Separator(RawWord left, RawWord right)
    {
        var gap = Math.Max(right.Extent.Left - left.Extent.Right, left.Extent.Left - right.Extent.Right);
        var em = Math.Min(left.Extent.Height, right.Extent.Height);
        if (right.Text is ")" or "%" or ")%" && gap < 2 * em)
        {
            return "";
        }

        // "$" stands at the column's left edge, its number at the right.
        var isSign = left.Text is "$" or "€" or "£" or "¥" or "($" or "(";
        return gap > 0.75f * em && !isSign ? CellSeparator : " ";
    }
}
