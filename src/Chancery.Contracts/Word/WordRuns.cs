using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>Writes words as <c>w:r</c>: their references as fields that Word keeps up to date, their changes as revisions.</summary>
internal sealed class WordRuns(ContractLayout? from, ContractLayout to, string author, DateTimeOffset date)
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
    /// is a link. Where only the shown number changes, that is a change of words inside the field.
    /// </summary>
    private IEnumerable<XElement> Write(Guid clause, TrackedPiece piece)
    {
        var layout = piece.Change is Change.Deleted or Change.MovedAway ? from ?? to : to;
        var now = layout.Numbers.ReferenceOf(clause) ?? ClauseReference.Nowhere;
        var before =
            piece.Change == Change.Kept && from is not null
                ? from.Numbers.ReferenceOf(clause) ?? ClauseReference.Nowhere
                : now;
        var deleted = piece with { Change = Change.Deleted };
        var inserted = piece with { Change = Change.Inserted };
        IEnumerable<XElement> shown =
            before == now
                ? Wrap(piece.Change, Run(now, piece))
                : [.. Wrap(Change.Deleted, Run(before, deleted)), .. Wrap(Change.Inserted, Run(now, inserted))];

        // \w is the number in whole, as "4.2(a)"; \t leaves out the words of "Section 2.1", which the text around says itself.
        return layout.Numbers.LabelOf(clause) switch
        {
            "" =>
            [
                new XElement(
                    Xml.W + "hyperlink",
                    Xml.At("anchor", ClauseBookmark.Of(clause)),
                    Xml.At("history", 1),
                    shown
                ),
            ],
            var label => Field(
                $" REF {ClauseBookmark.Of(clause)} {(label.Contains(' ', StringComparison.Ordinal) ? @"\w \t" : @"\w")} \\h ",
                piece,
                shown
            ),
        };
    }

    private IEnumerable<XElement> Field(string code, TrackedPiece piece, IEnumerable<XElement> shown)
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
