using System.Text;

namespace Chancery.Documents;

/// <summary>
/// Reads rows of cells as RFC 4180 writes them and as programs get them wrong: quotes inside of cells, rows of any length, all
/// kinds of line ends. A quote that is never closed is a character like others.
/// </summary>
internal sealed class CsvRows(string text, char separator)
{
    /// <summary>What programs for tables take at most.</summary>
    public const int MaxColumns = CellName.MaxColumn;

    /// <summary>Each row is to be used before the next is taken. An empty line is a row without cells.</summary>
    /// <exception cref="DocumentUnreadableException">A row has more cells than any table.</exception>
    public IEnumerable<IReadOnlyList<string>> Read(int start = 0) => Read(start, endsAtWideRow: false);

    /// <summary>The same for one who only looks: never fails, and ends with the first cells of a row that has too many.</summary>
    public IEnumerable<IReadOnlyList<string>> Look(int start = 0) => Read(start, endsAtWideRow: true);

    private IEnumerable<IReadOnlyList<string>> Read(int start, bool endsAtWideRow)
    {
        var cells = new List<string>();
        var at = start;
        // Looked for once: else each open quote would be followed to the end of the file.
        var lastQuote = text.LastIndexOf('"');
        var number = 1;
        while (at < text.Length)
        {
            cells.Clear();
            var isRow = true;
            while (isRow)
            {
                if (cells.Count == MaxColumns && endsAtWideRow)
                {
                    yield return cells;
                    yield break;
                }

                if (cells.Count == MaxColumns)
                {
                    throw Failures.TooManyColumns(number, MaxColumns);
                }

                cells.Add(Cell(ref at, ref lastQuote));
                isRow = at < text.Length && text[at] == separator;
                at += isRow ? 1 : 0;
            }

            at += at + 1 < text.Length && text[at] == '\r' && text[at + 1] == '\n' ? 2 : 1;
            if (cells is [""])
            {
                cells.Clear();
            }

            number++;
            yield return cells;
        }
    }

    /// <param name="lastQuote">From where on nothing is quoted any more.</param>
    private string Cell(ref int at, ref int lastQuote)
    {
        var start = at;
        while (start < text.Length && text[start] == ' ')
        {
            start++;
        }

        if (start < lastQuote && text[start] == '"')
        {
            if (Quoted(start, lastQuote) is var (cell, end) && cell is not null)
            {
                at = end;
                return cell;
            }

            lastQuote = start;
        }

        start = at;
        var length = text.AsSpan(start).IndexOfAny(separator, '\n', '\r');
        at = length < 0 ? text.Length : start + length;
        return text[start..at];
    }

    /// <summary>A null cell: there is no quote that ends it.</summary>
    private (string? Cell, int End) Quoted(int start, int lastQuote)
    {
        var cell = new StringBuilder();
        var at = start + 1;
        while (at <= lastQuote)
        {
            var quote = text.IndexOf('"', at, lastQuote - at + 1);
            if (quote < 0)
            {
                break;
            }

            cell.Append(text, at, quote - at);
            var after = quote + 1;
            if (after < text.Length && text[after] == '"')
            {
                cell.Append('"');
                at = after + 1;
                continue;
            }

            var end = after;
            while (end < text.Length && text[end] == ' ')
            {
                end++;
            }

            if (end == text.Length || text[end] == separator || text[end] is '\n' or '\r')
            {
                return (cell.ToString(), end);
            }

            // A quote inside of a cell that nobody doubled.
            cell.Append('"');
            at = after;
        }

        return (null, 0);
    }
}
