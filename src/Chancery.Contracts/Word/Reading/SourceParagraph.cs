using System.Xml.Linq;

namespace Chancery.Contracts.Word.Reading;

/// <summary>Who changed something, and when.</summary>
internal readonly record struct Revision(string Author, DateTimeOffset? Date);

/// <summary>
/// What must hold for something to be there: the insertions it stands in were made, the deletions were not.
/// </summary>
internal sealed record Condition(IReadOnlyList<Revision> Insertions, IReadOnlyList<Revision> Deletions)
{
    public static Condition Always { get; } = new([], []);

    public bool Holds(Func<string, bool> isApplied) =>
        Insertions.All(revision => isApplied(revision.Author))
        && !Deletions.Any(revision => isApplied(revision.Author));

    public Condition Under(Revision revision, bool isInsertion) =>
        isInsertion
            ? this with
            {
                Insertions = [.. Insertions, revision],
            }
            : this with
            {
                Deletions = [.. Deletions, revision],
            };
}

/// <summary>Words that look alike and are there under one condition.</summary>
/// <param name="Style">The id of their character style.</param>
/// <param name="IsMarked">Bold or underlined by themselves: what run-in headings are set in.</param>
/// <param name="Link">The reference that they show; null: plain words.</param>
internal sealed record SourcePiece(string Text, Condition Condition, string? Style, bool IsMarked, SourceLink? Link);

/// <summary>A field or link that shows another place's number; the same one for all the words that it shows.</summary>
internal sealed record SourceLink(string Bookmark, bool ShowsNumber);

/// <summary>A paragraph of the file as it is stored, with all that was ever in it.</summary>
internal sealed class SourceParagraph(int index, XElement? properties)
{
    public int Index { get; } = index;

    public List<SourcePiece> Pieces { get; } = [];

    /// <summary>Whether its end is there; where it is not, its words join the next paragraph.</summary>
    public Condition End { get; set; } = Condition.Always;

    public List<string> BookmarkStarts { get; } = [];

    public List<string> BookmarkEnds { get; } = [];

    public List<string> CommentStarts { get; } = [];

    /// <summary>A row of a table, or what stands in a table of contents: never a clause's beginning.</summary>
    public bool IsRow { get; init; }

    /// <summary>Its properties for those whose changes are made, before or after a change of properties.</summary>
    public XElement? PropertiesFor(Func<string, bool> isApplied)
    {
        var change = properties?.Element(Xml.W + "pPrChange");
        return change is not null && !isApplied(SourceReader.RevisionOf(change).Author)
            ? change.Element(Xml.W + "pPr")
            : properties;
    }

    public Revision? PropertiesChange =>
        properties?.Element(Xml.W + "pPrChange") is { } change ? SourceReader.RevisionOf(change) : null;
}
