using System.Globalization;

namespace Chancery.Documents;

/// <summary>Names of cells, such as B4, in columns and rows from 1.</summary>
internal static class CellName
{
    public const int MaxColumn = 16_384;
    public const int MaxRow = 1_048_576;

    public static string Column(int column)
    {
        Span<char> letters = stackalloc char[3];
        var start = letters.Length;
        for (; column > 0 && start > 0; column = (column - 1) / 26)
        {
            letters[--start] = (char)('A' + ((column - 1) % 26));
        }

        return letters[start..].ToString();
    }

    public static string Of(int column, int row) =>
        string.Create(CultureInfo.InvariantCulture, $"{Column(column)}{row}");

    /// <summary>Null for what is no cell of any sheet.</summary>
    public static (int Column, int Row)? Parse(ReadOnlySpan<char> name)
    {
        var column = 0;
        var i = 0;
        for (; i < name.Length && char.IsAsciiLetter(name[i]) && i < 4; i++)
        {
            column = (column * 26) + (char.ToUpperInvariant(name[i]) - 'A' + 1);
        }

        return
            column is >= 1 and <= MaxColumn
            && int.TryParse(name[i..], NumberStyles.None, CultureInfo.InvariantCulture, out var row)
            && row is >= 1 and <= MaxRow
            ? (column, row)
            : null;
    }

    /// <summary>The range around cells and ranges; null where one of the names is of neither.</summary>
    public static string? Around(IEnumerable<string> names)
    {
        var (left, top, right, bottom) = (MaxColumn, MaxRow, 1, 1);
        foreach (var name in names)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            if (
                Parse(colon < 0 ? name : name.AsSpan(0, colon)) is not var (column, row)
                || Parse(name.AsSpan(colon + 1)) is not var (lastColumn, lastRow)
            )
            {
                return null;
            }

            (left, top) = (Math.Min(left, column), Math.Min(top, row));
            (right, bottom) = (Math.Max(right, lastColumn), Math.Max(bottom, lastRow));
        }

        return $"{Of(left, top)}:{Of(right, bottom)}";
    }
}
