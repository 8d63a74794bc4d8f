using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>The part <c>styles.xml</c>. Headings and contents are Word's own styles, so that its outline and lists find them.</summary>
internal static class WordStyles
{
    public const string Title = "Title";
    public const string Detail = "ContractDetail";
    public const string PartiesHeading = "PartiesHeading";
    public const string Party = "ContractParty";
    public const string ContentsHeading = "TOCHeading";
    public const string End = "ContractEnd";
    public const string CommentText = "CommentText";
    public const string CommentReference = "CommentReference";
    public const string Header = "Header";
    public const string Footer = "Footer";

    private const string Serif = "Times New Roman";

    /// <summary>Half points.</summary>
    private const int BodySize = 22;

    public static string Heading(int depth) => string.Create(CultureInfo.InvariantCulture, $"Heading{depth + 1}");

    /// <summary>A clause without a heading: its first paragraph, which carries the number.</summary>
    public static string Clause(int depth) => string.Create(CultureInfo.InvariantCulture, $"Clause{depth + 1}");

    /// <summary>A clause's words below its heading or below its first paragraph.</summary>
    public static string ClauseText(int depth) => string.Create(CultureInfo.InvariantCulture, $"ClauseText{depth + 1}");

    public static string Contents(int depth) => string.Create(CultureInfo.InvariantCulture, $"TOC{depth + 1}");

    public static string? Letters(LetterStyle style) =>
        style switch
        {
            LetterStyle.PartyName => "PartyName",
            LetterStyle.PartyRole => "PartyRole",
            LetterStyle.DetailLabel => "DetailLabel",
            LetterStyle.TypedNumber => "TypedNumber",
            _ => null,
        };

    public static XElement Write(WordLevels levels, string language, int textWidth)
    {
        var root = Xml.Root("styles", Defaults(language));
        root.Add(
            Paragraph("Normal", "Normal", null, [Spacing(0, 140, 269)], [], isDefault: true),
            new XElement(
                Xml.W + "style",
                Xml.At("type", "character"),
                Xml.At("default", 1),
                Xml.At("styleId", "DefaultParagraphFont"),
                Xml.Val("name", "Default Paragraph Font"),
                Xml.Val("uiPriority", 1),
                new XElement(Xml.W + "semiHidden")
            ),
            Paragraph(
                Title,
                "Title",
                "Normal",
                [new XElement(Xml.W + "keepNext"), Rule("bottom", 12), Spacing(0, 280, 240), Xml.Val("jc", "center")],
                [Bold(), Size(34)],
                next: "Normal"
            ),
            Paragraph(
                Detail,
                "Contract Detail",
                "Normal",
                [
                    new XElement(
                        Xml.W + "tabs",
                        new XElement(Xml.W + "tab", Xml.At("val", "left"), Xml.At("pos", 2268))
                    ),
                    Spacing(0, 60, 269),
                    Indent(2268, 2268),
                ],
                []
            ),
            Paragraph(
                PartiesHeading,
                "Parties Heading",
                "Normal",
                [new XElement(Xml.W + "keepNext"), Spacing(280, 120, 240)],
                [Bold(), Size(24)],
                next: Party
            ),
            Paragraph(Party, "Contract Party", "Normal", [Numbering(WordNumbering.PartiesInstance, 0)], []),
            Paragraph(
                ContentsHeading,
                "TOC Heading",
                "Normal",
                [new XElement(Xml.W + "keepNext"), Spacing(320, 120, 240)],
                [Bold(), Size(24)]
            )
        );

        for (var depth = 0; depth < WordLevels.Count; depth++)
        {
            AddClauseStyles(root, levels, depth);
        }

        for (var depth = 0; depth < 2; depth++)
        {
            root.Add(ContentsStyle(depth, textWidth));
        }

        root.Add(
            Paragraph(End, "Contract End", "Normal", [Spacing(0, 0, 20, "exact")], [Size(2)]),
            Paragraph(
                Header,
                "header",
                "Normal",
                [Spacing(0, 0, 240), Xml.Val("jc", "right")],
                [Xml.Val("color", "595959"), Size(17)]
            ),
            Paragraph(
                Footer,
                "footer",
                "Normal",
                [Spacing(0, 0, 240), Xml.Val("jc", "center")],
                [Xml.Val("color", "595959"), Size(17)]
            ),
            Paragraph(CommentText, "annotation text", "Normal", [Spacing(0, 60, 240)], [Size(20)]),
            Character("DetailLabel", "Detail Label", Bold()),
            Character("PartyName", "Party Name", Bold()),
            Character("PartyRole", "Party Role", Bold()),
            Character("TypedNumber", "Typed Number"),
            Character(CommentReference, "annotation reference", Size(16))
        );
        return root;
    }

    private static void AddClauseStyles(XElement root, WordLevels levels, int depth)
    {
        var (number, text) = levels.Place(depth);
        var (before, size, look) = depth switch
        {
            0 => (320, 24, new XElement[] { Bold() }),
            1 => (180, BodySize, [Bold()]),
            _ => (120, BodySize, [new XElement(Xml.W + "i")]),
        };
        root.Add(
            Paragraph(
                Heading(depth),
                $"heading {depth + 1}",
                "Normal",
                [
                    new XElement(Xml.W + "keepNext"),
                    new XElement(Xml.W + "keepLines"),
                    Numbering(WordNumbering.MainInstance, depth),
                    Spacing(before, 120, 259),
                    Indent(text, text - number),
                    Xml.Val("outlineLvl", depth),
                ],
                [.. look, .. size == BodySize ? Array.Empty<XElement>() : [Size(size)]],
                next: ClauseText(depth)
            ),
            Paragraph(
                Clause(depth),
                $"Clause {depth + 1}",
                "Normal",
                [Numbering(WordNumbering.MainInstance, depth), Indent(text, text - number)],
                []
            ),
            Paragraph(ClauseText(depth), $"Clause Text {depth + 1}", "Normal", [Indent(text, 0)], [])
        );
    }

    private static XElement ContentsStyle(int depth, int textWidth) =>
        Paragraph(
            Contents(depth),
            $"toc {depth + 1}",
            "Normal",
            [
                new XElement(
                    Xml.W + "tabs",
                    new XElement(Xml.W + "tab", Xml.At("val", "left"), Xml.At("pos", (depth + 1) * 709)),
                    new XElement(
                        Xml.W + "tab",
                        Xml.At("val", "right"),
                        Xml.At("leader", "dot"),
                        Xml.At("pos", textWidth)
                    )
                ),
                Spacing(0, 40, 259),
                Indent((depth + 1) * 709, 709),
            ],
            []
        );

    private static XElement Defaults(string language) =>
        new(
            Xml.W + "docDefaults",
            new XElement(
                Xml.W + "rPrDefault",
                new XElement(
                    Xml.W + "rPr",
                    new XElement(Xml.W + "rFonts", Xml.At("ascii", Serif), Xml.At("hAnsi", Serif), Xml.At("cs", Serif)),
                    Size(BodySize),
                    Xml.Val("szCs", BodySize),
                    new XElement(Xml.W + "lang", Xml.At("val", language), Xml.At("bidi", language))
                )
            ),
            new XElement(Xml.W + "pPrDefault")
        );

    private static XElement Paragraph(
        string id,
        string name,
        string? basedOn,
        XElement[] paragraph,
        XElement[] letters,
        string? next = null,
        bool isDefault = false
    ) =>
        new(
            Xml.W + "style",
            Xml.At("type", "paragraph"),
            isDefault ? Xml.At("default", 1) : null,
            Xml.At("styleId", id),
            Xml.Val("name", name),
            basedOn is null ? null : Xml.Val("basedOn", basedOn),
            next is null ? null : Xml.Val("next", next),
            new XElement(Xml.W + "qFormat"),
            paragraph.Length == 0 ? null : new XElement(Xml.W + "pPr", paragraph),
            letters.Length == 0 ? null : new XElement(Xml.W + "rPr", letters)
        );

    private static XElement Character(string id, string name, params XElement[] letters) =>
        new(
            Xml.W + "style",
            Xml.At("type", "character"),
            Xml.At("styleId", id),
            Xml.Val("name", name),
            Xml.Val("basedOn", "DefaultParagraphFont"),
            letters.Length == 0 ? null : new XElement(Xml.W + "rPr", letters)
        );

    private static XElement Bold() => new(Xml.W + "b");

    private static XElement Size(int halfPoints) => Xml.Val("sz", halfPoints);

    /// <summary>Twentieths of a point before and after; the line in 240ths, or exact in twentieths.</summary>
    private static XElement Spacing(int before, int after, int line, string rule = "auto") =>
        new(
            Xml.W + "spacing",
            Xml.At("before", before),
            Xml.At("after", after),
            Xml.At("line", line),
            Xml.At("lineRule", rule)
        );

    private static XElement Indent(int left, int hanging) =>
        new(Xml.W + "ind", Xml.At("left", left), hanging == 0 ? Xml.At("firstLine", 0) : Xml.At("hanging", hanging));

    private static XElement Numbering(int instance, int level) =>
        new(Xml.W + "numPr", level == 0 ? null : Xml.Val("ilvl", level), Xml.Val("numId", instance));

    private static XElement Rule(string side, int space) =>
        new(
            Xml.W + "pBdr",
            new XElement(
                Xml.W + side,
                Xml.At("val", "single"),
                Xml.At("sz", 6),
                Xml.At("space", space),
                Xml.At("color", "7F7F7F")
            )
        );
}
