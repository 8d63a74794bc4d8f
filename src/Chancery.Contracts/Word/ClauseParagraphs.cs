namespace Chancery.Contracts.Word;

/// <summary>A clause's paragraphs with what marks them as its own: bookmark, comments, move.</summary>
internal static class ClauseParagraphs
{
    /// <summary>Its heading, if any, and its text.</summary>
    public static IEnumerable<LaidOutParagraph> Of(LaidOutClause clause) =>
        clause.Heading is { } heading ? clause.Text.Prepend(heading) : clause.Text;

    /// <summary>A clause that is as a whole there, new, gone, or moved.</summary>
    /// <param name="isLeft">Whether the clause stands elsewhere now.</param>
    public static List<TrackedParagraph> Whole(
        Guid id,
        LaidOutClause clause,
        Change change,
        bool isLeft,
        WordCommentParts comments
    )
    {
        List<TrackedParagraph> paragraphs =
        [
            .. Of(clause).Select(paragraph => TrackedParagraph.Whole(paragraph, change)),
        ];
        Mark(id, paragraphs, isLeft, comments);
        return paragraphs;
    }

    /// <summary>Puts the clause's bookmark around its paragraphs, and its comments on the first that stays.</summary>
    /// <param name="isLeft">Whether the clause stands elsewhere now.</param>
    public static void Mark(Guid id, List<TrackedParagraph> paragraphs, bool isLeft, WordCommentParts comments)
    {
        var name = isLeft ? ClauseBookmark.WhereItStood(id) : ClauseBookmark.Of(id);
        paragraphs[0].Begins.Add(name);
        paragraphs[^1].Ends.Add(name);
        if (!isLeft)
        {
            (paragraphs.Find(paragraph => paragraph.To is not null) ?? paragraphs[0]).Comments.AddRange(
                comments.On(id)
            );
        }
    }
}
