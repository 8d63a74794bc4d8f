using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>What drawings say, the same in all Office documents: alternative texts, text boxes, charts, diagrams.</summary>
internal static partial class DrawingText
{
    /// <summary>The alternative texts of pictures and shapes that have one, once each.</summary>
    public static IEnumerable<string> Captions(XmlNode drawing)
    {
        var told = new HashSet<string>();
        foreach (var node in Walk(drawing, stopAt: null))
        {
            var text = node.Name switch
            {
                "wp:docPr" or "pic:cNvPr" or "p:cNvPr" or "xdr:cNvPr" or "wps:cNvPr" => node["descr"] ?? "",
                "v:shape" or "v:rect" or "v:oval" => node["alt"] ?? "",
                _ => "",
            };
            text = Guessed().Replace(BlockWriter.OneLine(text), "").Trim();
            if (text.Length > 0 && !FileName().IsMatch(text) && told.Add(text))
            {
                yield return text;
            }
        }
    }

    /// <summary>All elements of a name in a drawing, of alternatives only those in the chosen ones.</summary>
    public static IEnumerable<XmlNode> Within(XmlNode drawing, string name) =>
        Walk(drawing, name).Where(node => node.Name == name);

    /// <summary>The contents of a Word drawing's text boxes, in order. One inside of another is the other's content.</summary>
    public static IEnumerable<XmlNode> TextBoxes(XmlNode drawing) => Within(drawing, "w:txbxContent");

    /// <summary>Adds the charts and diagrams that a drawing shows.</summary>
    /// <param name="part">The part that the drawing is in.</param>
    public static void AddGraphics(
        BlockWriter blocks,
        OfficePackage package,
        string part,
        XmlNode drawing,
        string? place
    )
    {
        foreach (var node in Walk(drawing, stopAt: null))
        {
            if (node.Name == "c:chart" && package.Load(package.Find(part, node["r:id"])?.Target) is { } chart)
            {
                ChartText.Add(blocks, chart, place);
            }
            else if (node.Name == "dgm:relIds" && package.Load(package.Find(part, node["r:dm"])?.Target) is { } diagram)
            {
                AddDiagram(blocks, diagram, place);
            }
        }
    }

    /// <summary>The text of DrawingML paragraphs, a line for each.</summary>
    public static string Lines(XmlNode? body) =>
        string.Join('\n', (body?.Descendants("a:p") ?? []).Select(ParagraphText).Where(line => line.Length > 0));

    public static string ParagraphText(XmlNode paragraph)
    {
        return string.Concat(paragraph.Children.Select(PieceOf)).Trim();

        static string? PieceOf(XmlNode node) =>
            node.Name switch
            {
                "a:r" => node.Child("a:t")?.Text,
                "a:fld" when node["type"] is not "slidenum" => node.Child("a:t")?.Text,
                "a:br" => "\n",
                "mc:AlternateContent" => string.Concat(
                    WordText.Chosen(node).SelectMany(Formulas).Select(EquationText.Of)
                ),
                _ => string.Concat(Formulas(node).Select(EquationText.Of)),
            };
    }

    private static IEnumerable<XmlNode> Formulas(XmlNode node) =>
        node.Name is "m:oMath" ? [node] : Walk(node, "m:oMath").Where(inner => inner.Name is "m:oMath");

    /// <summary>The words of a diagram's boxes; what else is in its data are the lines between them.</summary>
    private static void AddDiagram(BlockWriter blocks, XmlNode diagram, string? place)
    {
        foreach (var point in diagram.Descendants("dgm:pt").Where(point => point["type"] is null or "node" or "asst"))
        {
            var words = BlockWriter.OneLine(Lines(point.Child("dgm:t")));
            blocks.Add(BlockKind.ListItem, words.Length > 0 ? "• " + words : "", 1, place);
        }
    }

    /// <summary>Everything below, of alternatives only the chosen ones.</summary>
    /// <param name="stopAt">What is not looked into.</param>
    private static IEnumerable<XmlNode> Walk(XmlNode node, string? stopAt)
    {
        foreach (var child in node.Name == "mc:AlternateContent" ? WordText.Chosen(node) : node.Children)
        {
            yield return child;
            if (child.Name != stopAt && child.Name is not "w:txbxContent")
            {
                foreach (var inner in Walk(child, stopAt))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>What some programs write for want of a text.</summary>
    [GeneratedRegex(
        @"^\S+\.(png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex FileName();

    /// <summary>What Office adds to the texts that it guesses from pictures.</summary>
    [GeneratedRegex(
        @"\s*(Description automatically generated( with \w+ confidence)?|AI-generated content may be incorrect\.?)\s*$"
    )]
    private static partial Regex Guessed();
}
