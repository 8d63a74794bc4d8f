using System.Globalization;

namespace Chancery.Documents;

/// <summary>A table of Word as rows of cells.</summary>
internal static class WordTables
{
    private const int MaxColumns = 1000;

    /// <summary>The cell of a table that has one only, which is there for its frame; null where there are more.</summary>
    public static XmlNode? OnlyCell(XmlNode table)
    {
        XmlNode? only = null;
        foreach (var cell in Rows(table).SelectMany(Cells))
        {
            if (only is not null)
            {
                return null;
            }

            only = cell;
        }

        return only;
    }

    /// <summary>Rows that were deleted are left out.</summary>
    public static IEnumerable<XmlNode> Rows(XmlNode table) =>
        Unwrapped(table, "w:tr").Where(row => row.Find("w:trPr", "w:del") is null);

    public static IEnumerable<XmlNode> Cells(XmlNode row) => Unwrapped(row, "w:tc");

    /// <summary>A row as a line: a merged cell's text stands in its first field, the fields it covers are empty.</summary>
    /// <param name="textOf">A cell's text, on one line.</param>
    public static string Line(XmlNode row, Func<XmlNode, string> textOf)
    {
        var fields = new List<string>();
        Pad(fields, row.Find("w:trPr", "w:gridBefore")?["val"]);
        foreach (var cell in Cells(row))
        {
            var properties = cell.Child("w:tcPr");
            var isCovered =
                properties?.Child("w:vMerge") is { } merge && merge["val"] is not "restart"
                || properties?.Child("w:cellDel") is not null;
            fields.Add(isCovered ? "" : textOf(cell));
            Pad(fields, properties?.Child("w:gridSpan")?["val"], 1);
        }

        return string.Join('\t', fields).TrimEnd('\t');
    }

    private static void Pad(List<string> fields, string? columns, int already = 0)
    {
        if (int.TryParse(columns, CultureInfo.InvariantCulture, out var count))
        {
            for (var i = already; i < count && fields.Count < MaxColumns; i++)
            {
                fields.Add("");
            }
        }
    }

    /// <summary>Children of a name, also where content controls and revisions stand around them.</summary>
    private static IEnumerable<XmlNode> Unwrapped(XmlNode container, string name)
    {
        foreach (var node in container.Children)
        {
            if (node.Name == name)
            {
                yield return node;
            }
            else if (node.Name is "w:sdt" or "w:sdtContent" or "w:customXml" or "w:ins" or "w:moveTo")
            {
                foreach (var inner in Unwrapped(node, name))
                {
                    yield return inner;
                }
            }
        }
    }
}
