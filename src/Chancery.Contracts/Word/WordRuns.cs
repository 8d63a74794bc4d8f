using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>Writes words as <c>w:r</c>: their references as fields that Word keeps up to date, their changes as revisions.</summary>
/// <param name="moved">The clauses that stand elsewhere now.</param>
internal sealed class WordRuns(
    ContractLayout? from,
    ContractLayout to,
    IReadOnlySet<Guid> moved,
    string author,
    DateTimeOffset date
)
{
    /// <summary>Stands for a reference while words are cut; no text of a file has it, XML forbids it.</summary>
    private const char Reference = '\u0001';

    private int _id;

    /// <summary>Revisions are numbered through a file.</summary>
    public int NextId() => ++_id;

    /// <summary>What says of a paragraph's end that it was changed; null where it was not.</summary>
    public XElement? Mark(Change change) => change == Change.Kept ? null : Revision(change);

    public IEnumerable<XElement> Write(TrackedPiece piece)
    {
        List<Guid> references = [];
        var text = ClauseReference.Replace(
            piece.Text,
            id =>
            {
                references.Add(id);
                return Reference.ToString();
            }
        );
        var parts = text.Split(Reference);
        return parts.SelectMany(
            (part, i) =>
                (part.Length == 0 ? [] : Wrap(piece.Change, Run(part, piece))).Concat(
                    i < references.Count ? Write(references[i], piece) : []
                )
        );
    }

    /// <summary>
    /// A number is a field that shows what it showed when it was written until Word counts anew; a heading, or a clause that is gone,
    /// is a link. What shows another number now, or points to a clause that moved, is deleted and inserted.
    /// </summary>
    private XElement[] Write(Guid clause, TrackedPiece piece)
    {
        var isEarlier = piece.Change is Change.Deleted or Change.MovedAway;
        if (piece.Change != Change.Kept || from is null)
        {
            return Write(clause, piece, isEarlier ? from ?? to : to, isEarlier);
        }

        return Shown(from, clause) == Shown(to, clause) && !moved.Contains(clause)
            ? Write(clause, piece, to, isEarlier: false)
            :
            [
                .. Write(clause, piece with { Change = Change.Deleted }, from, isEarlier: true),
                .. Write(clause, piece with { Change = Change.Inserted }, to, isEarlier: false),
            ];
    }

    private XElement[] Write(Guid clause, TrackedPiece piece, ContractLayout layout, bool isEarlier)
    {
        // Each of the two texts finds the clause where it had it.
        var bookmark =
            isEarlier && moved.Contains(clause) ? ClauseBookmark.WhereItStood(clause) : ClauseBookmark.Of(clause);
        var shown = Wrap(piece.Change, Run(Shown(layout, clause), piece));

        // What goes shows for ever what it showed: a number's field would count on, and show the new number as the old one.
        var label = layout.Numbers.LabelOf(clause);
        return isEarlier || label.Length == 0
            ? Field($" HYPERLINK \\l \"{bookmark}\" ", piece, shown)
            : Field(Code(bookmark, label), piece, shown);
    }

    /// <summary>\w is the number in whole, as "4.2(a)"; \t leaves out the words of "Section 2.1", which the text around says itself.</summary>
    private static string Code(string bookmark, string label) =>
        $" REF {bookmark} {(label.Contains(' ', StringComparison.Ordinal) ? @"\w \t" : @"\w")} \\h ";

    private static string Shown(ContractLayout layout, Guid clause) =>
        layout.Numbers.ReferenceOf(clause) switch
        {
            null => ClauseReference.Nowhere,
            // The clause has neither number nor heading, nor has one above it; the link must still have something to be seen by.
            "" => "…",
            var number => number,
        };

    private XElement[] Field(string code, TrackedPiece piece, XElement[] shown)
    {
        var instruction = new XElement(
            Xml.W + (piece.Change == Change.Deleted ? "delInstrText" : "instrText"),
            new XAttribute(XNamespace.Xml + "space", "preserve"),
            code
        );
        return
        [
            .. Wrap(
                piece.Change,
                Run(FieldCharacter("begin"), piece),
                Run(instruction, piece),
                Run(FieldCharacter("separate"), piece)
            ),
            .. shown,
            .. Wrap(piece.Change, Run(FieldCharacter("end"), piece)),
        ];
    }

    private static XElement FieldCharacter(string type) => new(Xml.W + "fldChar", Xml.At("fldCharType", type));

    private static XElement Run(XElement content, TrackedPiece piece) =>
        new(Xml.W + "r", Letters(piece.Style), content);

    private static XElement Run(string text, TrackedPiece piece)
    {
        var run = new XElement(Xml.W + "r", Letters(piece.Style));
        var name = Xml.W + (piece.Change == Change.Deleted ? "delText" : "t");
        var parts = text.Split('\t');
        for (var i = 0; i < parts.Length; i++)
        {
            if (i > 0)
            {
                run.Add(new XElement(Xml.W + "tab"));
            }

            if (parts[i].Length > 0)
            {
                run.Add(new XElement(name, new XAttribute(XNamespace.Xml + "space", "preserve"), parts[i]));
            }
        }

        return run;
    }

    private static XElement? Letters(LetterStyle style) =>
        WordStyles.Letters(style) is { } name ? new XElement(Xml.W + "rPr", Xml.Val("rStyle", name)) : null;

    private XElement[] Wrap(Change change, params XElement[] runs)
    {
        if (change == Change.Kept)
        {
            return runs;
        }

        var revision = Revision(change);
        revision.Add(runs);
        return [revision];
    }

    private XElement Revision(Change change) =>
        new(
            Xml.W
                + change switch
                {
                    Change.Inserted => "ins",
                    Change.Deleted => "del",
                    Change.MovedHere => "moveTo",
                    Change.MovedAway => "moveFrom",
                    _ => throw new ArgumentOutOfRangeException(nameof(change)),
                },
            Xml.At("id", NextId()),
            Xml.At("author", author),
            Xml.At("date", Xml.Date(date))
        );
}
