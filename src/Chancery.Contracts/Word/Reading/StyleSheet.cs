using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word.Reading;

/// <summary>What paragraph styles say, with what they take from those that they are based on.</summary>
internal sealed class StyleSheet
{
    private readonly Dictionary<string, ParagraphStyle> _styles = [];

    public StyleSheet(XElement? part)
    {
        var elements = new Dictionary<string, XElement>();
        foreach (var style in part?.Elements(Xml.W + "style") ?? [])
        {
            if ((string?)style.Attribute(Xml.W + "styleId") is { } id)
            {
                elements.TryAdd(id, style);
            }
        }

        foreach (var id in elements.Keys)
        {
            _styles[id] = Resolve(id, elements);
        }

        Default =
            elements
                .FirstOrDefault(pair =>
                    (string?)pair.Value.Attribute(Xml.W + "type") == "paragraph"
                    && (string?)pair.Value.Attribute(Xml.W + "default") is "1" or "true"
                )
                .Key
            ?? "Normal";
        Language = (string?)
            part
                ?.Element(Xml.W + "docDefaults")
                ?.Element(Xml.W + "rPrDefault")
                ?.Element(Xml.W + "rPr")
                ?.Element(Xml.W + "lang")
                ?.Attribute(Xml.W + "val");
    }

    /// <summary>The id of the style of paragraphs that name none.</summary>
    public string Default { get; }

    public string? Language { get; }

    public ParagraphStyle this[string id] =>
        _styles.TryGetValue(id, out var style) ? style : new ParagraphStyle(id, id, null, null, null, false);

    private static ParagraphStyle Resolve(string id, Dictionary<string, XElement> elements)
    {
        var own = elements[id];
        int? outline = null;
        XElement? numbering = null;
        bool? isBold = null;
        var numberingStyle = id;
        // A chain that bites its tail ends where no style is left.
        var left = 32;
        for (var at = id; left-- > 0 && elements.TryGetValue(at, out var style); )
        {
            var paragraph = style.Element(Xml.W + "pPr");
            outline ??= Number(paragraph?.Element(Xml.W + "outlineLvl"));
            if (numbering is null && paragraph?.Element(Xml.W + "numPr") is { } found)
            {
                (numbering, numberingStyle) = (found, at);
            }

            isBold ??= style.Element(Xml.W + "rPr")?.Element(Xml.W + "b") is { } bold
                ? (string?)bold.Attribute(Xml.W + "val") is not ("0" or "false")
                : null;
            at = (string?)style.Element(Xml.W + "basedOn")?.Attribute(Xml.W + "val") ?? "";
        }

        var name = (string?)own.Element(Xml.W + "name")?.Attribute(Xml.W + "val") ?? id;

        // Word's own headings have a level even where the file leaves it out.
        outline ??=
            name.StartsWith("heading ", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(name.AsSpan(8), CultureInfo.InvariantCulture, out var level)
                ? level - 1
                : null;
        return new ParagraphStyle(
            id,
            name,
            outline is >= 0 and < 9 ? outline : null,
            numbering,
            numberingStyle,
            isBold == true
        );
    }

    internal static int? Number(XElement? element) =>
        int.TryParse((string?)element?.Attribute(Xml.W + "val"), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}

/// <summary>A paragraph style.</summary>
/// <param name="Name">As Word's list shows it, in English: "heading 1".</param>
/// <param name="Outline">From 0; null: body text.</param>
/// <param name="Numbering">Its <c>w:numPr</c>.</param>
/// <param name="NumberingStyle">The style in the chain that has it: a list's level names that one.</param>
internal sealed record ParagraphStyle(
    string Id,
    string Name,
    int? Outline,
    XElement? Numbering,
    string? NumberingStyle,
    bool IsBold
);
