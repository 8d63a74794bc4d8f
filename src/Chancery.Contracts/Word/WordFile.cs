using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>All of a .docx around its paragraphs: page, header and footer, settings, styles, properties.</summary>
internal sealed class WordFile(
    ContractText contract,
    WordNumbering numbering,
    WordCommentParts comments,
    PaperSize? paper
)
{
    private static readonly XNamespace Core = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties";
    private static readonly XNamespace Dublin = "http://purl.org/dc/elements/1.1/";
    private static readonly XNamespace Terms = "http://purl.org/dc/terms/";
    private static readonly XNamespace Instance = "http://www.w3.org/2001/XMLSchema-instance";
    private static readonly XNamespace Application =
        "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties";

    private readonly ContractWords _words = ContractWords.In(contract.Language);
    private readonly PageShape _page = PageShape.Of(paper ?? PageShape.PaperOf(contract.Language));

    public string? Author { get; init; }

    public DateTimeOffset? Created { get; init; }

    public bool TrackChanges { get; init; }

    public string? Mark { get; init; }

    public void Write(IEnumerable<XElement> paragraphs, Stream output)
    {
        using var package = new WordPackage(output);
        var language = PageShape.RegionalTag(contract.Language);
        package.Add("styles.xml", "styles", "styles", WordStyles.Write(numbering.Main, language, _page.TextWidth));
        package.Add("numbering.xml", "numbering", "numbering", numbering.Write());
        package.Add("settings.xml", "settings", "settings", Settings());
        package.Add("fontTable.xml", "fontTable", "fontTable", Fonts());
        var header = package.Add("header1.xml", "header", "header", Header());
        var footer = package.Add("footer1.xml", "footer", "footer", Footer("footer"));
        var first = package.Add("footer2.xml", "footer", "footer", Footer("footer"));
        if (!comments.IsEmpty)
        {
            package.Add("comments.xml", "comments", "comments", comments.Comments);
            package.Add(
                "commentsExtended.xml",
                "commentsExtended",
                "http://schemas.microsoft.com/office/2011/relationships/commentsExtended",
                comments.Extended
            );
        }

        package.AddProperties(CoreProperties(), ApplicationProperties(), Mark is null ? null : FileMark.Write(Mark));
        package.Finish(Xml.Root("document", new XElement(Xml.W + "body", paragraphs, Section(header, footer, first))));
    }

    private XElement Section(string header, string footer, string firstFooter) =>
        new(
            Xml.W + "sectPr",
            Linked("headerReference", "default", header),
            Linked("footerReference", "default", footer),
            Linked("footerReference", "first", firstFooter),
            new XElement(Xml.W + "pgSz", Xml.At("w", _page.Width), Xml.At("h", _page.Height)),
            new XElement(
                Xml.W + "pgMar",
                Xml.At("top", PageShape.Margin),
                Xml.At("right", PageShape.Margin),
                Xml.At("bottom", PageShape.Margin),
                Xml.At("left", PageShape.Margin),
                Xml.At("header", 709),
                Xml.At("footer", 709),
                Xml.At("gutter", 0)
            ),
            // The first page has the title itself, and so no header.
            new XElement(Xml.W + "titlePg")
        );

    private static XElement Linked(string name, string type, string id) =>
        new(Xml.W + name, Xml.At("type", type), new XAttribute(Xml.R + "id", id));

    private XElement Header() =>
        Xml.Root(
            "hdr",
            new XElement(
                Xml.W + "p",
                new XElement(Xml.W + "pPr", Xml.Val("pStyle", WordStyles.Header)),
                TextRun(Xml.Clean(contract.Title).ReplaceLineEndings(" "))
            )
        );

    private XElement Footer(string style) =>
        Xml.Root(
            "ftr",
            new XElement(
                Xml.W + "p",
                new XElement(Xml.W + "pPr", Xml.Val("pStyle", style == "footer" ? WordStyles.Footer : style)),
                TextRun(_words.Page + " "),
                SimpleField(" PAGE "),
                TextRun($" {_words.Of} "),
                SimpleField(" NUMPAGES ")
            )
        );

    private static XElement TextRun(string text) =>
        new(Xml.W + "r", new XElement(Xml.W + "t", new XAttribute(XNamespace.Xml + "space", "preserve"), text));

    private static XElement SimpleField(string code) => new(Xml.W + "fldSimple", Xml.At("instr", code), TextRun("1"));

    private XElement Settings() =>
        Xml.Root(
            "settings",
            TrackChanges ? new XElement(Xml.W + "trackRevisions") : null,
            Xml.Val("defaultTabStop", 709),
            Xml.Val("characterSpacingControl", "doNotCompress"),
            new XElement(
                Xml.W + "compat",
                // Word 2013 and later: opens without "compatibility mode".
                new XElement(
                    Xml.W + "compatSetting",
                    Xml.At("name", "compatibilityMode"),
                    Xml.At("uri", "http://schemas.microsoft.com/office/word"),
                    Xml.At("val", 15)
                )
            ),
            new XElement(Xml.W + "themeFontLang", Xml.At("val", PageShape.RegionalTag(contract.Language))),
            Xml.Val("decimalSymbol", "."),
            Xml.Val("listSeparator", ",")
        );

    private static XElement Fonts() =>
        Xml.Root(
            "fonts",
            new XElement(
                Xml.W + "font",
                Xml.At("name", "Times New Roman"),
                Xml.Val("altName", "Liberation Serif"),
                Xml.Val("panose1", "02020603050405020304"),
                Xml.Val("charset", "00"),
                Xml.Val("family", "roman"),
                Xml.Val("pitch", "variable")
            )
        );

    private XElement CoreProperties() =>
        new(
            Core + "coreProperties",
            new XAttribute(XNamespace.Xmlns + "cp", Core),
            new XAttribute(XNamespace.Xmlns + "dc", Dublin),
            new XAttribute(XNamespace.Xmlns + "dcterms", Terms),
            new XAttribute(XNamespace.Xmlns + "xsi", Instance),
            new XElement(Dublin + "title", Xml.Clean(contract.Title)),
            Author is { Length: > 0 } ? new XElement(Dublin + "creator", Xml.Clean(Author)) : null,
            Author is { Length: > 0 } ? new XElement(Core + "lastModifiedBy", Xml.Clean(Author)) : null,
            new XElement(Dublin + "language", Xml.Clean(contract.Language)),
            Created is { } created ? Time("created", created) : null,
            Created is { } modified ? Time("modified", modified) : null
        );

    private static XElement Time(string name, DateTimeOffset at) =>
        new(Terms + name, new XAttribute(Instance + "type", "dcterms:W3CDTF"), Xml.Date(at));

    private static XElement ApplicationProperties() =>
        new(Application + "Properties", new XElement(Application + "Application", "Chancery"));
}
