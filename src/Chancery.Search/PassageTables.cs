using System.Buffers;
using System.Text.RegularExpressions;

namespace Chancery.Search;

/// <summary>A row of a table.</summary>
/// <param name="Start">Of its line, in the passage.</param>
/// <param name="End">Of its line, in the passage.</param>
/// <param name="Cells">Trimmed; some may be empty.</param>
/// <param name="Heads">What the columns are called, one for each cell, some empty; null where nothing tells.</param>
/// <param name="IsHead">Whether it names the columns of the rows below.</param>
public sealed record TableRow(
    int Start,
    int End,
    IReadOnlyList<string> Cells,
    IReadOnlyList<string>? Heads,
    bool IsHead = false
);

/// <summary>
/// The tables of a passage: Markdown, cells between tabs, columns set with spaces. A figure says nothing without the name of
/// its column, which stands in the table's first row or, where a table was cut, last in the passage's heading. Where it is
/// not certain which name belongs to which cell, there is none. Linear in the text. Immutable.
/// </summary>
public sealed partial class PassageTables
{
    private const string HeadingSeparator = " › ";
    private const string NameSeparator = " | ";

    /// <summary>Above the names of columns there may stand a title.</summary>
    private const int MostRowsToHead = 5;

    /// <summary>Of a name over a column that is set with spaces: what is longer is text in two columns.</summary>
    private const int LongestName = 40;

    private static readonly PassageTables None = new([]);
    private static readonly SearchValues<string> Marks = SearchValues.Create(
        ["\t", "|", "  "],
        StringComparison.Ordinal
    );

    private readonly List<TableRow> _rows;

    private PassageTables(List<TableRow> rows) => _rows = rows;

    private enum Form
    {
        None,
        Markdown,
        Tabs,
        Spaces,
    }

    private readonly record struct Line(int Start, int End, string[] Cells);

    /// <param name="heading">The headings above the passage, if any.</param>
    public static PassageTables Of(string text, string? heading = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.AsSpan().ContainsAny(Marks))
            return None;

        var rows = new List<TableRow>();
        var table = new List<Line>();
        var form = Form.None;
        for (var start = 0; start < text.Length; )
        {
            var end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            // Tabs at the end are cells that are empty.
            var line = text.AsSpan(start, end - start).TrimEnd(" \r");
            var next = FormOf(line);
            if (next != form && !(form is Form.Spaces && IsBetweenRows(line)))
            {
                Read(table, form, heading, rows);
                table.Clear();
                form = next;
            }

            if (next is not Form.None)
                table.Add(new Line(start, end, CellsOf(line.ToString(), next)));
            start = end + 1;
        }

        Read(table, form, heading, rows);
        return rows.Count == 0 ? None : new PassageTables(rows);
    }

    /// <summary>The row that <paramref name="place"/> is in; null where there is none.</summary>
    public TableRow? At(int place)
    {
        var (low, high) = (0, _rows.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_rows[middle].End < place)
                low = middle + 1;
            else if (_rows[middle].Start > place)
                high = middle - 1;
            else
                return _rows[middle];
        }

        return null;
    }

    private static Form FormOf(ReadOnlySpan<char> line)
    {
        var trimmed = line.Trim();
        return trimmed is ['|', .., _, '|'] ? Form.Markdown
            : Sentences.HasCells(line) ? Form.Tabs
            : Sentences.IsTableRow(line) && !line.Contains('|') ? Form.Spaces
            : Form.None;
    }

    /// <summary>"(in thousands)", between the years and the figures below them.</summary>
    private static bool IsBetweenRows(ReadOnlySpan<char> line) =>
        line.Length is > 0 and <= LongestName && FormOf(line) is Form.None && !line.Contains('.');

    private static string[] CellsOf(string line, Form form) =>
        form switch
        {
            Form.Markdown => [.. Pipe().Split(line.Trim()[1..^1]).Select(cell => cell.Trim())],
            Form.Tabs => line.Split('\t', StringSplitOptions.TrimEntries),
            _ => Gap().Split(line.Trim()),
        };

    private static void Read(List<Line> table, Form form, string? heading, List<TableRow> rows)
    {
        if (table.Count == 0)
            return;

        // A passage's heading has the names of the columns that its first rows were cut off from.
        var names =
            form is Form.Tabs && rows.Count == 0 ? NamesIn(heading, table.Max(line => line.Cells.Length)) : null;
        var head = names is null ? FindHead(table, form) : -1;
        names ??= head < 0 ? null : table[head].Cells;
        for (var i = 0; i < table.Count; i++)
        {
            var (start, end, cells) = table[i];
            // The rule below the heads says nothing.
            if (form is Form.Markdown && IsRule(cells))
                cells = [];
            rows.Add(new TableRow(start, end, cells, i > head ? Fit(names, cells, form) : null, i == head));
        }
    }

    private static string[]? NamesIn(string? heading, int columns)
    {
        if (heading is null || !heading.Contains(NameSeparator, StringComparison.Ordinal))
            return null;

        var last = heading.LastIndexOf(HeadingSeparator, StringComparison.Ordinal);
        var names = heading[(last < 0 ? 0 : last + HeadingSeparator.Length)..].Split(NameSeparator);
        // Too long to be told whole: the last one is broken off, and there may have been more.
        if (names[^1].EndsWith('…'))
            return columns >= names.Length ? names[..^1] : null;
        return names.Length == columns ? names : null;
    }

    /// <summary>The first row, where it only has names and rows follow that it may be the head of; -1 where there is none.</summary>
    private static int FindHead(List<Line> table, Form form)
    {
        if (form is Form.Markdown)
            return table.Count > 1 && IsRule(table[1].Cells) ? 0 : -1;

        var head = table.FindIndex(line => line.Cells.Count(cell => cell.Length > 0) > 1);
        if (head < 0 || head > MostRowsToHead || head + 1 == table.Count)
            return -1;

        var names = table[head].Cells;
        if (!Array.TrueForAll(names, name => name.Length == 0 || IsName(name, form)))
            return -1;

        var below = table[(head + 1)..];
        return form switch
        {
            // "Name, Ann" above "Age, 30" is no head: of two columns the second has to hold figures.
            Form.Tabs => names.Length > 2 || below.TrueForAll(line => line.Cells is [_, var value] && HasDigit(value)),
            _ => below.Count(line => line.Cells.Skip(1).Any(HasDigit)) * 2 >= below.Count,
        }
            ? head
            : -1;
    }

    private static string[]? Fit(string[]? names, string[] cells, Form form)
    {
        if (names is null || names.Length == cells.Length)
            return names;
        // Where spaces set the columns apart an empty cell leaves no trace. Years stand above figures, and not above what they are of.
        if (form is Form.Spaces)
            return names.Length + 1 == cells.Length && Array.TrueForAll(names, IsYear) ? ["", .. names] : null;
        return [.. cells.Select((_, i) => i < names.Length ? names[i] : "")];
    }

    private static bool IsName(string cell, Form form) =>
        IsYear(cell)
        || (
            cell.Any(char.IsLetter)
            && (form is not Form.Spaces || (cell.Length <= LongestName && !HasDigit(Dates().Replace(cell, ""))))
        );

    private static bool IsYear(string cell) => cell.Length == 4 && cell[0] is '1' or '2' && cell.All(char.IsAsciiDigit);

    private static bool HasDigit(string cell) => cell.Any(char.IsDigit);

    private static bool IsRule(string[] cells) => Array.TrueForAll(cells, cell => Rule().IsMatch(cell));

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Pipe();

    [GeneratedRegex("^:?-+:?$")]
    private static partial Regex Rule();

    [GeneratedRegex(@"(?<=[^\s.!?:]) {2,}")]
    private static partial Regex Gap();

    [GeneratedRegex(
        @"\b(?:19|20)\d\d\b|\bQ[1-4]\b|\bFY\s?\d\d\b|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}\b"
    )]
    private static partial Regex Dates();
}
