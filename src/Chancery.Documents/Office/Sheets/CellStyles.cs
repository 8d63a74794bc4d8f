using System.Globalization;

namespace Chancery.Documents;

/// <summary>How a workbook shows its numbers, by the style of a cell.</summary>
internal sealed class CellStyles
{
    private readonly List<NumberFormat> _formats = [];

    /// <param name="styles">The root of the styles part; null where there is none.</param>
    public CellStyles(XmlNode? styles)
    {
        var codes = new Dictionary<int, string>();
        foreach (var format in styles?.Child("x:numFmts")?.All("x:numFmt") ?? [])
        {
            codes.TryAdd(Number(format["numFmtId"]), format["formatCode"] ?? "");
        }

        var known = new Dictionary<int, NumberFormat>();
        foreach (var style in styles?.Child("x:cellXfs")?.All("x:xf") ?? [])
        {
            var id = Number(style["numFmtId"]);
            if (!known.TryGetValue(id, out var format))
            {
                format = NumberFormat.Of(id, codes.GetValueOrDefault(id));
                known.Add(id, format);
            }

            _formats.Add(format);
        }
    }

    public NumberFormat Of(string? style) =>
        Number(style) is var index && index < _formats.Count ? _formats[index] : NumberFormat.Plain;

    private static int Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
