namespace Chancery.Documents;

/// <summary>
/// Rows of a sheet without an empty one between them, as tables: one for each group of columns that wide gaps separate. Not
/// for concurrent use.
/// </summary>
internal sealed class SheetRegion
{
    /// <summary>Two empty columns are a spacer inside of a table; more are the space between two.</summary>
    private const int MaxGap = 3;

    private readonly List<SheetRow> _rows = [];

    /// <summary>Those of the rows that were written before, which the next go on with.</summary>
    private List<(int Left, int Right)> _groups = [];

    private int _left = CellName.MaxColumn;
    private int _right = 1;

    /// <summary>Of the text that its rows have.</summary>
    public int Length { get; private set; }

    public int? LastRow { get; private set; }

    public void Add(SheetRow row)
    {
        _rows.Add(row);
        Length += row.Length;
        LastRow = row.Number;
        (_left, _right) = Around(row);
    }

    /// <summary>The most empty cells that its rows can have to stand for once a row more is among them.</summary>
    public long GapsWith(SheetRow row)
    {
        var (left, right) = Around(row);
        return (_rows.Count + 1L) * (right - left);
    }

    private (int Left, int Right) Around(SheetRow row) =>
        (Math.Min(_left, row.Cells[0].Column), Math.Max(_right, row.Cells[^1].Column));

    /// <summary>Writes the rows so far.</summary>
    /// <param name="ends">Whether the next row has nothing to do with these.</param>
    public void WriteTo(BlockWriter blocks, bool ends)
    {
        _groups = Groups();
        foreach (var (left, right) in _groups)
        {
            Write(blocks, left, right);
        }

        _rows.Clear();
        Length = 0;
        (_left, _right) = (CellName.MaxColumn, 1);
        if (ends)
        {
            _groups = [];
            LastRow = null;
        }
    }

    private List<(int Left, int Right)> Groups()
    {
        var spans = _rows
            .SelectMany(row => row.Cells)
            .Select(cell => cell.Column)
            .Distinct()
            .Select(column => (Left: column, Right: column))
            .Concat(_groups)
            .Order()
            .ToList();
        var groups = new List<(int Left, int Right)>();
        foreach (var span in spans)
        {
            if (groups.Count > 0 && span.Left - groups[^1].Right <= MaxGap)
            {
                groups[^1] = (groups[^1].Left, Math.Max(groups[^1].Right, span.Right));
            }
            else
            {
                groups.Add(span);
            }
        }

        return groups;
    }

    private void Write(BlockWriter blocks, int left, int right)
    {
        var rows = new List<(int Number, List<(int Column, string Text)> Cells)>();
        foreach (var row in _rows)
        {
            var cells = row.Cells.Where(cell => cell.Column >= left && cell.Column <= right).ToList();
            if (cells.Count > 0)
            {
                if (rows.Count > 0 && rows[^1].Number != row.Number - 1)
                {
                    WriteTable(blocks, rows);
                    rows.Clear();
                }

                rows.Add((row.Number, cells));
            }
        }

        if (rows.Count > 0)
        {
            WriteTable(blocks, rows);
        }
    }

    private static void WriteTable(BlockWriter blocks, List<(int Number, List<(int Column, string Text)> Cells)> rows)
    {
        var left = rows.Min(row => row.Cells[0].Column);
        var right = rows.Max(row => row.Cells[^1].Column);
        var first = rows[0].Number;
        if (rows.Count == 1 && left == right)
        {
            blocks.Add(BlockKind.Paragraph, rows[0].Cells[0].Text, 0, CellName.Of(left, first));
            return;
        }

        var place = $"{CellName.Of(left, first)}:{CellName.Of(right, rows[^1].Number)}";
        blocks.AddTable([.. rows.Select(row => Line(row.Cells, left))], place, first);
    }

    private static string Line(List<(int Column, string Text)> cells, int left)
    {
        var line = new System.Text.StringBuilder();
        var column = left;
        foreach (var (at, text) in cells)
        {
            line.Append('\t', Math.Max(0, at - column)).Append(text);
            column = at;
        }

        return line.ToString();
    }
}
