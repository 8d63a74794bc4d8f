using System.Globalization;

namespace Chancery.Documents;

/// <summary>
/// Reads CSV and TSV: rows as a table in pages of some 4,000 to 8,000 characters, cells by their names as a program for tables
/// would show them. Runs in the child.
/// </summary>
internal static class CsvDocument
{
    private const int MinLength = 4000;
    private const int MaxLength = 8000;
    private const uint CutOneIn = 8;

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
        foreach (var cells in rows.Read(dialect.Start))
        {
            row++;
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
