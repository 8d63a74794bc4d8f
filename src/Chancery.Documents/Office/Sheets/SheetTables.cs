using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>A range that was made a table and given a name.</summary>
/// <param name="Place">Its cells.</param>
internal sealed record SheetTable(string Name, string Place);

internal static partial class SheetTables
{
    /// <summary>Those of a sheet that people named, by the row that they begin at.</summary>
    public static Dictionary<int, SheetTable> Of(OfficePackage package, string sheet)
    {
        var tables = new Dictionary<int, SheetTable>();
        foreach (var part in package.Related(sheet, "table"))
        {
            var table = package.Load(part);
            var place = table?["ref"] is { Length: < 30 } cells ? CellName.Around([cells]) : null;
            var name = BlockWriter.OneLine(table?["displayName"] ?? "").Replace('_', ' ');
            if (
                place is not null
                && !Unnamed().IsMatch(name)
                && CellName.Parse(place.AsSpan(0, place.IndexOf(':', StringComparison.Ordinal))) is var (_, row)
            )
            {
                tables.TryAdd(row, new SheetTable(name, place));
            }
        }

        return tables;
    }

    /// <summary>As Excel calls them in some languages.</summary>
    [GeneratedRegex(
        @"^(table|tabelle|tableau|tabla|tabella)?\s*\d*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Unnamed();
}
