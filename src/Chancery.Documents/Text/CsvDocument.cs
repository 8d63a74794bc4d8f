using System.Globalization;

namespace Chancery.Documents;

/// <summary>
/// Reads CSV and TSV: rows as a table in pages of some 4,000 to 8,000 characters. The names of columns become a heading, so that
/// they stand above every passage. Runs in the child.
/// </summary>
internal static class CsvDocument
{
    private const int MinLength = 4000;
    private const int MaxLength = 8000;
    private const uint CutOneIn = 8;
    private const int MaxHeading = 400;
    private const int MaxName = 80;

    /// <summary>Rows that are looked at to tell names of columns from data.</summary>
    private const int LookedAt = 20;

    /// <exception cref="DocumentUnreadableException">There is no text in it.</exception>
    public static ParsedDocument Read(byte[] content)
    {
        var encoding =
            TextDecoding.Sniff(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)))
            ?? throw Failures.NotText();
        var text = encoding.Decode(content);
        if (string.IsNullOrWhiteSpace(text))
        {
            throw Failures.Empty();
        }

        return new ParsedDocument(new ChildReply.Header(null, null, null), Pages(text));
    }

    private static IEnumerable<ChildReply.Page> Pages(string text)
    {
        var dialect = CsvDialect.Of(text);
        var rows = new CsvRows(text, dialect.Separator);
        var number = 1;
        var blocks = new BlockWriter();
        var page = new Rows();
        var row = 0;
        var hasNames = HasNames(rows, dialect.Start);
        foreach (var cells in rows.Read(dialect.Start))
        {
            row++;
            if (row == 1 && hasNames)
            {
                var names = string.Join(" · ", cells.Select(BlockWriter.OneLine));
                blocks.Add(BlockKind.Heading, names, 1, $"A1:{CellName.Of(cells.Count, 1)}");
                continue;
            }

            var line = string.Join('\t', cells.Select(Cell));
            if (page.IsFullBefore(line))
            {
                page.WriteTo(blocks);
                foreach (var part in Cut(blocks, number))
                {
                    yield return part;
                    number++;
                }
            }

            page.Add(line, row, cells.Count);
        }

        page.WriteTo(blocks);
        foreach (var part in Cut(blocks, number))
        {
            yield return part;
        }
    }

    /// <summary>One page, or several where a single row is longer than a page.</summary>
    private static List<ChildReply.Page> Cut(BlockWriter blocks, int number)
    {
        var text = blocks.Text;
        var all = blocks.Blocks.ToList();
        blocks.Clear();
        return all.Count == 0 ? []
            : text.Length <= 2 * MaxLength ? [ChildReply.Page.Of(number, text, all)]
            : [.. TextParts.Cut(text, all).Select((part, i) => part with { Number = number + i })];
    }

    private static string Cell(string cell) => IsPlain(cell) ? cell : BlockWriter.OneLine(cell);

    private static bool IsPlain(string cell)
    {
        var before = ' ';
        foreach (var character in cell)
        {
            if (character is < ' ' or > '~' || (character == ' ' && before == ' '))
            {
                return false;
            }

            before = character;
        }

        return before != ' ' || cell.Length == 0;
    }

    /// <summary>Whether the first row names the columns: short, different words, above something that is not like them.</summary>
    private static bool HasNames(CsvRows rows, int start)
    {
        var first = rows.Read(start).Take(1).SelectMany(row => row.Select(BlockWriter.OneLine)).ToList();
        if (
            first.Count == 0
            || first.Exists(name => name.Length is 0 or > MaxName || IsValue(name))
            || first.Sum(name => name.Length + 3) > MaxHeading
            || first.Distinct(StringComparer.OrdinalIgnoreCase).Count() < first.Count
        )
        {
            return false;
        }

        var next = rows.Read(start)
            .Skip(1)
            .Take(LookedAt)
            .Where(row => row.Count > 0)
            .Select(row => row.ToList())
            .ToList();
        return next.Count > 0
            && (first.Count > 1 || next.Exists(row => IsValue(row[0])))
            && !next.Exists(row => row.Intersect(first, StringComparer.OrdinalIgnoreCase).Any(name => name.Length > 0));
    }

    /// <summary>A number, an amount, a date: no name of a column, but for a year.</summary>
    private static bool IsValue(string cell)
    {
        var digits = cell.Count(char.IsAsciiDigit);
        var letters = cell.Count(char.IsLetter);
        return (digits > 0 && letters == 0 && !IsYear(cell))
            || DateTime.TryParse(cell, CultureInfo.InvariantCulture, out _)
            || cell.Contains('@', StringComparison.Ordinal);
    }

    private static bool IsYear(string cell) => cell.Length == 4 && cell.All(char.IsAsciiDigit) && cell[0] is '1' or '2';

    /// <summary>Rows that will stand on one page.</summary>
    private sealed class Rows
    {
        private readonly List<string> _lines = [];
        private int _length;
        private int _first;
        private int _columns;

        public bool IsFullBefore(string line) =>
            _length > 0
            && (
                _length + line.Length > MaxLength
                || (_length >= MinLength && TextParts.Fingerprint(line) % CutOneIn == 0)
            );

        public void Add(string line, int row, int columns)
        {
            if (_lines.Count == 0)
            {
                if (line.Length == 0)
                {
                    return;
                }

                _first = row;
            }

            _lines.Add(line);
            _length += line.Length + 1;
            _columns = Math.Max(_columns, columns);
        }

        public void WriteTo(BlockWriter blocks)
        {
            while (_lines.Count > 0 && _lines[^1].Length == 0)
            {
                _lines.RemoveAt(_lines.Count - 1);
            }

            if (_lines.Count > 0)
            {
                blocks.AddTable(
                    _lines,
                    $"A{_first.ToString(CultureInfo.InvariantCulture)}:{CellName.Of(_columns, _first + _lines.Count - 1)}",
                    _first
                );
            }

            _lines.Clear();
            (_length, _columns) = (0, 0);
        }
    }
}
