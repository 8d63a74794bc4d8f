using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>What styles say of a paragraph or a run, with what they inherit.</summary>
internal sealed partial class WordStyles
{
    private const int MaxInheritance = 20;

    private readonly Dictionary<string, XmlNode> _styles = [];
    private readonly string? _defaultParagraph;

    /// <param name="styles">The root of the styles part; null where there is none.</param>
    public WordStyles(XmlNode? styles)
    {
        foreach (var style in styles?.All("w:style") ?? [])
        {
            if (style["styleId"] is { } id)
            {
                _styles.TryAdd(id, style);
                if (style["type"] == "paragraph" && style["default"] is "1" or "true")
                {
                    _defaultParagraph ??= id;
                }
            }
        }
    }

    /// <summary>1 to 6 for a heading, else 0.</summary>
    /// <param name="properties">A paragraph's <c>w:pPr</c>.</param>
    public int HeadingLevel(XmlNode? properties)
    {
        var outline = properties?.Child("w:outlineLvl");
        foreach (var style in Inherited(StyleOf(properties)))
        {
            outline ??= style.Find("w:pPr", "w:outlineLvl");
            // Whatever the id is in the language of the program, the name of a built-in style is English.
            var name = style.Child("w:name")?["val"] ?? "";
            if (outline is null && HeadingName().Match(name) is { Success: true } heading)
            {
                return int.Parse(heading.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is var level and <= 6
                    ? level
                    : 6;
            }

            if (outline is null && name.Equals("title", StringComparison.OrdinalIgnoreCase))
            {
                return 1;
            }
        }

        return int.TryParse(outline?["val"], CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 8
            ? Math.Min(value + 1, 6)
            : 0;
    }

    /// <summary>List and level of a paragraph: its own, else its style's. Null where it is in none.</summary>
    public (string List, int Level)? ListOf(XmlNode? properties)
    {
        var own = properties?.Child("w:numPr");
        string? list = own?.Child("w:numId")?["val"];
        string? level = own?.Child("w:ilvl")?["val"];
        foreach (var style in Inherited(StyleOf(properties)))
        {
            var inherited = style.Find("w:pPr", "w:numPr");
            list ??= inherited?.Child("w:numId")?["val"];
            level ??= inherited?.Child("w:ilvl")?["val"];
        }

        return list is null or "0"
            ? null
            : (list, int.TryParse(level, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 0, 8) : 0);
    }

    /// <summary>The paragraph's style by which a list finds its level.</summary>
    public string? StyleOf(XmlNode? properties) => properties?.Child("w:pStyle")?["val"] ?? _defaultParagraph;

    /// <summary>Whether a run is hidden: by itself, by its style, or by its paragraph's.</summary>
    public bool IsHidden(XmlNode? run, string? paragraphStyle)
    {
        if (run?.Child("w:vanish") is { } own)
        {
            return XmlNode.IsOn(own);
        }

        foreach (var style in Inherited(run?.Child("w:rStyle")?["val"]).Concat(Inherited(paragraphStyle)))
        {
            if (style.Find("w:rPr", "w:vanish") is { } inherited)
            {
                return XmlNode.IsOn(inherited);
            }
        }

        return false;
    }

    /// <summary>The list that a list style names.</summary>
    public string? ListOfStyle(string id) => _styles.GetValueOrDefault(id)?.Find("w:pPr", "w:numPr", "w:numId")?["val"];

    private IEnumerable<XmlNode> Inherited(string? id)
    {
        for (var i = 0; i < MaxInheritance && id is not null && _styles.TryGetValue(id, out var style); i++)
        {
            yield return style;
            id = style.Child("w:basedOn")?["val"];
        }
    }

    [GeneratedRegex(@"^heading ([0-9])$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HeadingName();
}
