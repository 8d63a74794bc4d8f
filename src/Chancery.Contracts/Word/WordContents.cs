using System.Globalization;
using System.Xml.Linq;
using Chancery.Contracts.Printing;

namespace Chancery.Contracts.Word;

/// <summary>
/// The table of contents: Word's own field, which Word counts anew when it is asked to. Until then it shows the pages of our print of
/// the same text, whose letters are as wide.
/// </summary>
internal static class WordContents
{
    public static IEnumerable<XElement> Write(ContractText contract, ContractLayout layout, PaperSize? paper)
    {
        Guid[] entries =
        [
            .. contract.Clauses.Where(clause => clause.Heading.Length > 0).Select(clause => clause.Id).Distinct(),
        ];
        if (entries.Length == 0)
        {
            yield break;
        }

        yield return Paragraph(WordStyles.ContentsHeading, Text(ContractWords.In(contract.Language).Contents));
        var pages = ContractPdfWriter.PagesOf(contract, paper);
        for (var i = 0; i < entries.Length; i++)
        {
            var id = entries[i];
            var label = layout.Numbers.LabelOf(id);
            var heading = layout[id].Heading!.Text;
            var page = pages.GetValueOrDefault(id, 1).ToString(CultureInfo.InvariantCulture);

            // A number that is typed stands in the heading already.
            var isTyped = heading.Slice(0, heading.Text.Length).First().Style == LetterStyle.TypedNumber;
            IEnumerable<XElement> words =
            [
                .. label.Length == 0 || isTyped ? [] : (XElement[])[Text(label), Tab()],
                .. heading
                    .Text.Split('\t')
                    .SelectMany((part, at) => at == 0 ? (XElement[])[Text(part)] : [Tab(), Text(part)]),
                Tab(),
            ];
            yield return Paragraph(
                WordStyles.Contents(0),
                i == 0 ? Begin(" TOC \\o \"1-1\" \\h \\z \\u ") : null,
                new XElement(
                    Xml.W + "hyperlink",
                    Xml.At("anchor", ClauseBookmark.Of(id)),
                    Xml.At("history", 1),
                    words,
                    Begin($" PAGEREF {ClauseBookmark.Of(id)} \\h "),
                    Text(page),
                    Run(Character("end"))
                ),
                i == entries.Length - 1 ? Run(Character("end")) : null
            );
        }
    }

    private static XElement Paragraph(string style, params object?[] content) =>
        new(Xml.W + "p", new XElement(Xml.W + "pPr", Xml.Val("pStyle", style)), content);

    private static XElement[] Begin(string code) =>
        [
            Run(Character("begin")),
            Run(new XElement(Xml.W + "instrText", new XAttribute(XNamespace.Xml + "space", "preserve"), code)),
            Run(Character("separate")),
        ];

    private static XElement Character(string type) => new(Xml.W + "fldChar", Xml.At("fldCharType", type));

    private static XElement Tab() => Run(new XElement(Xml.W + "tab"));

    private static XElement Text(string text) =>
        Run(new XElement(Xml.W + "t", new XAttribute(XNamespace.Xml + "space", "preserve"), text));

    private static XElement Run(XElement content) => new(Xml.W + "r", content);
}
