using System.Text;

namespace Chancery.Documents;

/// <summary>Composes a text and its blocks from pieces of a document. Not for concurrent use.</summary>
internal sealed class BlockWriter
{
    /// <summary>More than any limit on a document's text; above it only memory would be used up.</summary>
    private const int MaxLength = 40_000_000;

    private readonly StringBuilder _text = new();
    private readonly List<TextBlock> _blocks = [];
    private bool _isApart;

    /// <summary>What one page may hold: it is sent to the server and stored whole.</summary>
    private const int MaxPageLength = 4_000_000;

    public int Length => _text.Length;

    public bool IsEmpty => _blocks.Count == 0;

    public IReadOnlyList<TextBlock> Blocks => _blocks;

    public string Text => _text.ToString();

    /// <summary>Adds a block, cleaned. False when nothing of it is left.</summary>
    /// <exception cref="DocumentUnreadableException">The document holds more text than anybody reads.</exception>
    public bool Add(BlockKind kind, string text, int level = 0, string? place = null)
    {
        var clean = TextCleaner.CleanText(text).Trim();
        return clean.Length > 0 && Append(kind, clean, level, place, 0);
    }

    /// <summary>What is added next has nothing to do with what was: a list's items do not go on with those before.</summary>
    public void SetApart() => _isApart = true;

    /// <summary>
    /// Adds a table, a line for each row. Empty rows at its start and its end are left out, those between stay, so that a line's
    /// row can be counted.
    /// </summary>
    /// <param name="rows">With tabs between cells, and without line ends.</param>
    /// <param name="firstRow">The first row's number; 0 where rows are not counted.</param>
    public bool AddTable(IReadOnlyList<string> rows, string? place, int firstRow = 1)
    {
        var first = 0;
        var last = rows.Count - 1;
        while (first <= last && string.IsNullOrWhiteSpace(rows[first]))
        {
            first++;
        }

        while (last > first && string.IsNullOrWhiteSpace(rows[last]))
        {
            last--;
        }

        return first <= last
            && Append(
                BlockKind.Table,
                string.Join('\n', rows.Skip(first).Take(last - first + 1)),
                0,
                place,
                firstRow == 0 ? 0 : firstRow + first
            );
    }

    /// <summary>Adds all of another's blocks after its own.</summary>
    public void Add(BlockWriter other)
    {
        foreach (var block in other._blocks)
        {
            Append(block.Kind, other.TextOf(block), block.Level, block.Place, block.Row);
        }
    }

    public string TextOf(TextBlock block) => _text.ToString(block.Start, block.Length);

    /// <summary>All of it as one page.</summary>
    /// <exception cref="DocumentUnreadableException">It is too much for one.</exception>
    public ChildReply.Page ToPage(int number, string label) =>
        _text.Length <= MaxPageLength
            ? ChildReply.Page.Of(number, Text, _blocks) with
            {
                Label = label,
            }
            : throw Failures.PageTooLarge(number);

    public void Clear()
    {
        _text.Clear();
        _blocks.Clear();
    }

    /// <summary>A cell or a title: cleaned, with single spaces for all white space.</summary>
    public static string OneLine(string text)
    {
        var clean = TextCleaner.CleanText(text);
        return clean.AsSpan().ContainsAny("\t\n") || clean.Contains("  ", StringComparison.Ordinal)
            ? string.Join(' ', clean.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries))
            : clean.Trim();
    }

    private bool Append(BlockKind kind, string text, int level, string? place, int row)
    {
        if (_text.Length + text.Length > MaxLength)
        {
            throw Failures.UnpacksTooLarge();
        }

        if (_blocks.Count > 0)
        {
            var isList = kind is BlockKind.ListItem && _blocks[^1].Kind is BlockKind.ListItem && !_isApart;
            _text.Append(isList ? "\n" : "\n\n");
        }

        _isApart = false;

        _blocks.Add(new TextBlock(kind, _text.Length, text.Length, level) { Place = place, Row = row });
        _text.Append(text);
        return true;
    }
}
