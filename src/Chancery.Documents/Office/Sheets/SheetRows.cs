using System.Globalization;

namespace Chancery.Documents;

/// <summary>A row's cells that show something, from left to right.</summary>
internal sealed record SheetRow(int Number, IReadOnlyList<(int Column, string Text)> Cells, int Length);

/// <summary>Reads a sheet row by row, with one in memory.</summary>
internal sealed class SheetRows(SharedStrings strings, CellStyles styles, bool is1904)
{
    private const int MaxCellLength = 40_000;
    private const int MaxRowLength = 2_000_000;

    /// <summary>Rows that show something, in the order of the sheet.</summary>
    /// <exception cref="DocumentUnreadableException">There are cells where no sheet has any.</exception>
    public IEnumerable<SheetRow> Read(PartReader part)
    {
        var number = 0;
        while (part.ToElement())
        {
            if (part.Name == "x:row")
            {
                number = part.Attribute("r") is { } given ? ParseRow(given) : number + 1;
                if (!part.IsEmpty && Row(part, number) is { Cells.Count: > 0 } row)
                {
                    yield return row;
                }
            }
        }
    }

    private static int ParseRow(string row) =>
        int.TryParse(row, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number is >= 1 and <= CellName.MaxRow
            ? number
            : throw Failures.DamagedOffice();

    private SheetRow Row(PartReader part, int number)
    {
        var cells = new List<(int Column, string Text)>();
        var column = 0;
        var length = 0;
        var depth = part.Depth;
        while (part.Read(out var isEnd) && part.Depth > depth)
        {
            if (isEnd || part.Name != "x:c")
            {
                continue;
            }

            column = part.Attribute("r") is { } name
                ? (CellName.Parse(name) ?? throw Failures.DamagedOffice()).Column
                : column + 1;
            var text = BlockWriter.OneLine(Cell(part));
            if (text.Length == 0)
            {
                continue;
            }

            length += text.Length + 1;
            if (cells.Count == CellName.MaxColumn)
            {
                throw Failures.DamagedOffice();
            }

            if (length > MaxRowLength || column > CellName.MaxColumn)
            {
                throw Failures.UnpacksTooLarge();
            }

            cells.Add((column, text));
        }

        cells.Sort((a, b) => a.Column.CompareTo(b.Column));
        return new SheetRow(number, cells, length);
    }

    private string Cell(PartReader part)
    {
        var (type, style) = (part.Attribute("t"), part.Attribute("s"));
        string? value = null;
        string? formula = null;
        if (!part.IsEmpty)
        {
            var depth = part.Depth;
            while (part.Read(out var isEnd) && part.Depth > depth)
            {
                switch (isEnd ? "" : part.Name)
                {
                    case "x:v":
                        value = part.TextInside(MaxCellLength);
                        break;
                    case "x:f":
                        formula = part.TextInside(MaxCellLength);
                        break;
                    case "x:is":
                        return SharedStrings.RichText(part.Tree());
                }
            }
        }

        return value is null
            ? (formula is { Length: > 0 } ? "=" + formula : "")
            : type switch
            {
                "s" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    ? strings[index]
                    : "",
                "b" => value.Trim() == "1" ? "TRUE" : "FALSE",
                "str" or "e" or "inlineStr" => SharedStrings.Unescape(value),
                "d" => value.Replace('T', ' '),
                _ => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    ? styles.Of(style).Format(number, is1904)
                    : value,
            };
    }
}
