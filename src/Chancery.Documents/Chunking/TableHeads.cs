using System.Globalization;

namespace Chancery.Documents;

/// <summary>
/// The names of tables' columns, for the rows that are cut off from them: a row of figures is not found, and not understood,
/// without. One for a document. Only for tables whose rows are numbered, which is how a table that goes on is known.
/// </summary>
internal sealed class TableHeads
{
    private const int MaxLength = 200;
    private const int MaxOpen = 32;

    /// <summary>Above the names of columns there may stand a title.</summary>
    private const int MaxLinesToHead = 5;

    private readonly List<OpenTable> _open = [];

    /// <summary>The names, and the place in the page's text after which rows do not have them in sight; null where there are none.</summary>
    public (string Names, int From)? Of(DocumentPage page, TextBlock block)
    {
        if (block.Kind is not BlockKind.Table || block.Row == 0)
        {
            return null;
        }

        var head = _open.Find(table => table.GoesOnWith(page, block)) is { } open
            ? (open.Names, block.Start)
            : Find(page.Text, block);
        var rows = page.Text.AsSpan(block.Start, block.Length).Count('\n') + 1;
        _open.RemoveAll(table => table.Label != page.Label || table.GoesOnWith(page, block));
        if (head is { Names: var names } && _open.Count < MaxOpen)
        {
            _open.Add(new OpenTable(page.Label, block.Place, block.Row + rows, names));
        }

        return head;
    }

    private static (string Names, int From)? Find(string text, TextBlock block)
    {
        foreach (var line in PagePieces.Lines(text, new TextSpan(block.Start, block.End)).Take(MaxLinesToHead))
        {
            var fields = Fields(text.Substring(line.Start, line.Length));
            if (fields.Length > 1)
            {
                var names = string.Join(" | ", fields);
                return Array.TrueForAll(fields, IsName)
                    ? (names.Length > MaxLength ? names[..EndOf(names)] + "…" : names, line.End)
                    : null;
            }
        }

        return null;
    }

    /// <summary>Between tabs, or as Markdown has them between bars.</summary>
    private static string[] Fields(string line) =>
        line.StartsWith('|')
            ? line.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : line.Split('\t', StringSplitOptions.RemoveEmptyEntries);

    private static bool IsName(string field) =>
        field.Any(char.IsLetter) || (field.Length == 4 && int.TryParse(field, CultureInfo.InvariantCulture, out _));

    private static int EndOf(string names) => char.IsHighSurrogate(names[MaxLength - 1]) ? MaxLength - 1 : MaxLength;

    /// <param name="NextRow">The number of the row that would follow.</param>
    private sealed record OpenTable(string? Label, string? Place, int NextRow, string Names)
    {
        public bool GoesOnWith(DocumentPage page, TextBlock block) =>
            Label == page.Label
            && NextRow == block.Row
            && (Place == block.Place || BlockPlaces.ShareColumns(Place, block.Place));
    }
}
