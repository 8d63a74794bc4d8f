using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>From characters of a page's text to places that a person can look up in the original program.</summary>
public static partial class BlockPlaces
{
    /// <summary>The place of blocks whose row is a line of the file.</summary>
    public const string Line = "Line";

    /// <summary>
    /// Where the characters from <paramref name="start"/> up to <paramref name="end"/> stand: "Paragraph 14", "Table 2, rows 3–4",
    /// "B4:D9"; null where the blocks that they touch have no places.
    /// </summary>
    /// <param name="text">The page's.</param>
    /// <param name="blocks">The page's, in reading order.</param>
    public static string? Of(string text, IReadOnlyList<TextBlock> blocks, int start, int end)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(blocks);

        TextBlock? first = null;
        TextBlock? last = null;
        foreach (var block in Touched(blocks, start, end))
        {
            first ??= block;
            last = block;
        }

        if (first is null || last is null)
        {
            return null;
        }

        if (first.Place == Line && last.Place == Line)
        {
            return Lines(text, first, last, start, end);
        }

        var opens = Name(text, first, start, end);
        if (ReferenceEquals(first, last))
        {
            return opens;
        }

        var closes = Name(text, last, start, end);
        return opens == closes ? opens : Around(text, blocks, start, end) ?? $"{opens} – {closes}";
    }

    private static string Lines(string text, TextBlock first, TextBlock last, int start, int end)
    {
        var from = Math.Max(start, first.Start);
        var to = Math.Min(end, last.End);
        var firstLine = first.Row + text.AsSpan(first.Start, from - first.Start).Count('\n');
        var lastLine = last.Row + text.AsSpan(last.Start, to - last.Start).TrimEnd('\n').Count('\n');
        return firstLine == lastLine
            ? string.Create(CultureInfo.InvariantCulture, $"Line {firstLine}")
            : string.Create(CultureInfo.InvariantCulture, $"Lines {firstLine}–{lastLine}");
    }

    /// <summary>Whether both are ranges of cells and have a column in common.</summary>
    internal static bool ShareColumns(string? one, string? other)
    {
        var (a, b) = (Cells().Match(one ?? ""), Cells().Match(other ?? ""));
        return a.Success
            && b.Success
            && CompareColumns(a.Groups["left"].Value, b.Groups["right"].Value) <= 0
            && CompareColumns(b.Groups["left"].Value, a.Groups["right"].Value) <= 0;
    }

    private static int CompareColumns(string one, string other) =>
        one.Length == other.Length ? string.CompareOrdinal(one, other) : one.Length.CompareTo(other.Length);

    private static string Name(string text, TextBlock block, int start, int end)
    {
        if (block.Row == 0)
        {
            return block.Place!;
        }

        var from = Math.Max(start, block.Start);
        var to = Math.Min(end, block.End);
        var firstRow = block.Row + text.AsSpan(block.Start, from - block.Start).Count('\n');
        var lastRow = firstRow + text.AsSpan(from, to - from).TrimEnd('\n').Count('\n');
        if (Cells().Match(block.Place!) is { Success: true } cells)
        {
            var left = cells.Groups["left"].Value;
            var right = cells.Groups["right"].Value;
            return string.Create(CultureInfo.InvariantCulture, $"{left}{firstRow}:{right}{lastRow}");
        }

        return firstRow == lastRow
            ? string.Create(CultureInfo.InvariantCulture, $"{block.Place}, row {firstRow}")
            : string.Create(CultureInfo.InvariantCulture, $"{block.Place}, rows {firstRow}–{lastRow}");
    }

    /// <summary>The range of cells around all that are touched; null where one of them is no cell.</summary>
    private static string? Around(string text, IReadOnlyList<TextBlock> blocks, int start, int end) =>
        CellName.Around(Touched(blocks, start, end).Select(block => Name(text, block, start, end)));

    /// <summary>The blocks with places between two characters; the first is searched for, as a page can have very many.</summary>
    private static IEnumerable<TextBlock> Touched(IReadOnlyList<TextBlock> blocks, int start, int end)
    {
        var (low, high) = (0, blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = blocks[middle].End <= start ? (middle + 1, high) : (low, middle);
        }

        for (; low < blocks.Count && blocks[low].Start < end; low++)
        {
            if (blocks[low].Place is not null)
            {
                yield return blocks[low];
            }
        }
    }

    [GeneratedRegex(@"^(?<left>[A-Z]{1,3})\d+:(?<right>[A-Z]{1,3})\d+$")]
    private static partial Regex Cells();
}
