using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>
/// The parts <c>comments.xml</c> and <c>commentsExtended.xml</c>. A reply is a comment of its own on the same place, which the second
/// part hangs under the first; there too stands whether it is settled.
/// </summary>
internal sealed class WordCommentParts
{
    private readonly Dictionary<Guid, List<int>> _ids = [];
    private readonly XElement _comments = Xml.Root("comments");
    private readonly XElement _extended = new(
        Xml.W15 + "commentsEx",
        new XAttribute(XNamespace.Xmlns + "w15", Xml.W15),
        new XAttribute(XNamespace.Xmlns + "mc", Xml.Compatibility),
        new XAttribute(Xml.Compatibility + "Ignorable", "w15")
    );

    private int _next;

    public WordCommentParts(IEnumerable<WordComment> comments, Func<Guid, bool> isThere)
    {
        foreach (var comment in comments)
        {
            if (comment.Clause is not { } clause || !isThere(clause))
            {
                continue;
            }

            if (!_ids.TryGetValue(clause, out var ids))
            {
                _ids[clause] = ids = [];
            }

            var first = _next;
            ids.Add(Add(comment.Author, comment.Date, comment.Text, null, comment.IsResolved));
            foreach (var reply in comment.Replies)
            {
                ids.Add(Add(reply.Author, reply.Date, reply.Text, first, comment.IsResolved));
            }
        }
    }

    public bool IsEmpty => _next == 0;

    public XElement Comments => _comments;

    public XElement Extended => _extended;

    /// <summary>The comments on a clause, and their replies.</summary>
    public IReadOnlyList<int> On(Guid clause) => _ids.TryGetValue(clause, out var ids) ? ids : [];

    private static string ParagraphId(int comment) => (comment + 1).ToString("X8", CultureInfo.InvariantCulture);

    private int Add(string author, DateTimeOffset? date, string text, int? parent, bool isResolved)
    {
        var id = _next++;
        var name = Xml.Clean(author);
        var lines = Xml.Clean(text).Split('\n');
        _comments.Add(
            new XElement(
                Xml.W + "comment",
                Xml.At("id", id),
                Xml.At("author", name),
                date is { } at ? Xml.At("date", Xml.Date(at)) : null,
                Xml.At("initials", Initials(name)),
                lines.Select(
                    (line, i) =>
                        new XElement(
                            Xml.W + "p",
                            // The last paragraph's id is the comment's.
                            i == lines.Length - 1
                                ? new XAttribute(Xml.W14 + "paraId", ParagraphId(id))
                                : null,
                            new XElement(Xml.W + "pPr", Xml.Val("pStyle", WordStyles.CommentText)),
                            i == 0
                                ? new XElement(
                                    Xml.W + "r",
                                    new XElement(Xml.W + "rPr", Xml.Val("rStyle", WordStyles.CommentReference)),
                                    new XElement(Xml.W + "annotationRef")
                                )
                                : null,
                            new XElement(
                                Xml.W + "r",
                                new XElement(Xml.W + "t", new XAttribute(XNamespace.Xml + "space", "preserve"), line)
                            )
                        )
                )
            )
        );
        _extended.Add(
            new XElement(
                Xml.W15 + "commentEx",
                new XAttribute(Xml.W15 + "paraId", ParagraphId(id)),
                parent is { } above ? new XAttribute(Xml.W15 + "paraIdParent", ParagraphId(above)) : null,
                new XAttribute(Xml.W15 + "done", isResolved ? 1 : 0)
            )
        );
        return id;
    }

    /// <summary>"Ada Byron" → "AB".</summary>
    private static string Initials(string name) =>
        string.Concat(
            name.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part[0]).Where(char.IsLetter).Take(3)
        );
}
