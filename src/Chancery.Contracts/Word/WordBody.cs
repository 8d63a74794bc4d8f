using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>Writes paragraphs as <c>w:p</c>, with what was changed in them. For one file; not safe for concurrent use.</summary>
/// <param name="from">What the text was before; null where nothing is tracked.</param>
/// <param name="moved">The clauses that stand elsewhere now.</param>
internal sealed class WordBody(
    ContractLayout? from,
    ContractLayout to,
    IReadOnlySet<Guid> moved,
    string author,
    DateTimeOffset date
)
{
    private readonly WordRuns _runs = new(from, to, moved, author, date);
    private readonly Dictionary<string, int> _bookmarks = [];
    private readonly Dictionary<string, int> _moves = [];

    /// <summary>One paragraph; and the ends of a move, which stand between paragraphs.</summary>
    public IEnumerable<XElement> Write(TrackedParagraph paragraph)
    {
        var element = new XElement(Xml.W + "p", Properties(paragraph));
        if (paragraph.MoveBegins is { } begun)
        {
            var id = _runs.NextId();
            _moves[MoveKey(paragraph, begun)] = id;
            element.Add(
                new XElement(
                    Xml.W + (paragraph.End == Change.MovedAway ? "moveFromRangeStart" : "moveToRangeStart"),
                    Xml.At("id", id),
                    Xml.At("author", author),
                    Xml.At("date", Xml.Date(date)),
                    Xml.At("name", begun)
                )
            );
        }

        foreach (var name in paragraph.Begins)
        {
            _bookmarks[name] = _bookmarks.Count + 1;
            element.Add(new XElement(Xml.W + "bookmarkStart", Xml.At("id", _bookmarks[name]), Xml.At("name", name)));
        }

        foreach (var comment in paragraph.Comments)
        {
            element.Add(new XElement(Xml.W + "commentRangeStart", Xml.At("id", comment)));
        }

        foreach (var piece in paragraph.Pieces)
        {
            element.Add(_runs.Write(piece));
        }

        foreach (var comment in paragraph.Comments)
        {
            element.Add(
                new XElement(Xml.W + "commentRangeEnd", Xml.At("id", comment)),
                new XElement(
                    Xml.W + "r",
                    new XElement(Xml.W + "rPr", Xml.Val("rStyle", WordStyles.CommentReference)),
                    new XElement(Xml.W + "commentReference", Xml.At("id", comment))
                )
            );
        }

        foreach (var name in paragraph.Ends)
        {
            element.Add(new XElement(Xml.W + "bookmarkEnd", Xml.At("id", _bookmarks[name])));
        }

        yield return element;
        if (paragraph.MoveEnds is { } ended)
        {
            yield return new XElement(
                Xml.W + (paragraph.End == Change.MovedAway ? "moveFromRangeEnd" : "moveToRangeEnd"),
                Xml.At("id", _moves[MoveKey(paragraph, ended)])
            );
        }
    }

    private static string MoveKey(TrackedParagraph paragraph, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{paragraph.End}:{name}");

    private XElement Properties(TrackedParagraph paragraph)
    {
        var look = paragraph.To ?? paragraph.From ?? throw new ArgumentException("A paragraph looks like something.");
        var properties = new XElement(Xml.W + "pPr", Look(look));
        if (_runs.Mark(paragraph.End) is { } mark)
        {
            properties.Add(new XElement(Xml.W + "rPr", mark));
        }

        if (paragraph is { From: { } before, To: { } after } && before != after)
        {
            properties.Add(
                new XElement(
                    Xml.W + "pPrChange",
                    Xml.At("id", _runs.NextId()),
                    Xml.At("author", author),
                    Xml.At("date", Xml.Date(date)),
                    new XElement(Xml.W + "pPr", Look(before))
                )
            );
        }

        return properties;
    }

    private static IEnumerable<XElement> Look(ParagraphLook look)
    {
        yield return Xml.Val("pStyle", look.Style);
        if (look.Number is { } number)
        {
            yield return new XElement(
                Xml.W + "numPr",
                Xml.Val("ilvl", number.Level),
                Xml.Val("numId", number.Instance)
            );
        }

        if (look.Indent is { } indent)
        {
            yield return new XElement(Xml.W + "ind", Xml.At("left", indent), Xml.At("firstLine", 0));
        }
    }
}
