using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>Reads tables as rows of cells, and tells those that hold data from those that only arrange a page.</summary>
internal sealed class HtmlTables(HtmlTree tree)
{
    private const int MaxColumns = 1000;
    private const int MaxRows = 100_000;
    private const int MaxSpan = 100;

    /// <summary>Tables inside of tables beyond it are looked at no more: each would be read again for each one around it.</summary>
    private const int MaxDepth = 8;

    /// <summary>More than any cell of a table that is one.</summary>
    private const int MaxCellLength = 1500;

    /// <summary>A cell over several rows is told in each, unless it is long.</summary>
    private const int MaxRepeated = 200;

    /// <param name="depth">How many tables are around it.</param>
    public bool IsLayout(int table, int depth)
    {
        if (depth >= MaxDepth || tree[table].Attributes?["role"] is "presentation" or "none")
        {
            return true;
        }

        var cells = 0;
        var cellLength = 0;
        for (var node = tree[table].First; node != 0; )
        {
            var name = tree[node].Name;
            if (name is null)
            {
                cellLength += tree[node].Text!.AsSpan().Trim().Length;
            }
            else if (name is "td" or "th")
            {
                cells++;
                cellLength = 0;
            }
            else if (name is "table" || HtmlNames.HeadingLevel(name) > 0)
            {
                return true;
            }

            if (cellLength > MaxCellLength)
            {
                return true;
            }

            node = tree[node].First != 0 ? tree[node].First : tree.After(node, table);
        }

        return cells <= 1;
    }

    /// <summary>A line for each row, with tabs between cells.</summary>
    public IReadOnlyList<string> Rows(int table)
    {
        var rows = new List<string>();
        var text = new HtmlText(tree);
        var over = new Dictionary<int, (int Rows, string Text)>();
        for (var node = tree[table].First; node != 0 && rows.Count < MaxRows; )
        {
            var name = tree[node].Name;
            if (name == "tr" && !HtmlText.IsUnread(tree[node]))
            {
                rows.Add(Row(node, text, over));
            }

            var enters = name is "thead" or "tbody" or "tfoot" or "form";
            node = enters && tree[node].First != 0 ? tree[node].First : tree.After(node, table);
        }

        return rows;
    }

    private string Row(int row, HtmlText text, Dictionary<int, (int Rows, string Text)> over)
    {
        var line = new StringBuilder();
        var column = 0;
        for (var cell = tree[row].First; cell != 0; cell = tree[cell].Next)
        {
            if (tree[cell].Name is not ("td" or "th") || column >= MaxColumns)
            {
                continue;
            }

            FillFromAbove();
            var words = HtmlText.IsUnread(tree[cell]) ? "" : text.LineOf(cell);
            var width = Math.Min(Span(cell, "colspan"), MaxColumns - column);
            var height = Span(cell, "rowspan");
            for (var i = 0; i < width; i++)
            {
                Append(i == 0 ? words : "");
                if (height > 1)
                {
                    over[column - 1] = (height - 1, i == 0 && words.Length <= MaxRepeated ? words : "");
                }
            }
        }

        FillFromAbove();
        return line.ToString().TrimEnd('\t');

        void FillFromAbove()
        {
            while (over.Remove(column, out var above))
            {
                if (above.Rows > 1)
                {
                    over[column] = (above.Rows - 1, above.Text);
                }

                Append(above.Text);
            }
        }

        void Append(string words)
        {
            if (column++ > 0)
            {
                line.Append('\t');
            }

            line.Append(words);
        }
    }

    private int Span(int cell, string name) =>
        int.TryParse(tree[cell].Attributes?[name], NumberStyles.None, CultureInfo.InvariantCulture, out var span)
            ? Math.Clamp(span, 1, MaxSpan)
            : 1;
}
