namespace Chancery.Contracts.Word;

/// <summary>
/// Two texts of one contract as one Word file whose differences are tracked changes: all accepted it says the later, all rejected the
/// earlier. The same texts and options give the same bytes. Safe for concurrent use.
/// </summary>
public static class ContractRedline
{
    /// <summary>
    /// Writes the whole file. Words, paragraphs, headings and what stands at the head are tracked; a clause that stands elsewhere is a
    /// move; one that only changed its depth or number is a change of its paragraph. It has no table of contents: its pages would be
    /// those of neither text.
    /// </summary>
    /// <param name="output">Need not be seekable; stays open.</param>
    public static void Write(ContractText from, ContractText to, RedlineOptions options, Stream output)
    {
        var numbering = new WordNumbering(to.Numbering);
        var (before, after) = (new ContractLayout(from, numbering), new ContractLayout(to, numbering));
        var comments = new WordCommentParts(options.Comments, id => after.Has(id) || before.Has(id));
        var author = options.Author.Length == 0 ? "Unknown" : Xml.Clean(options.Author);
        var clauses = new RedlinedClauses(before, after, comments);
        var body = new WordBody(before, after, clauses.Moved, author, options.Date);
        var file = new WordFile(to, numbering, comments, options.Paper)
        {
            Author = author,
            Created = options.Date,
            TrackChanges = options.TrackFurtherChanges,
            Mark = options.Mark,
        };

        List<TrackedParagraph> paragraphs =
        [
            .. RedlinedHead.Of(before, after),
            .. clauses.All(),
            TrackedParagraph.Whole(ContractLayout.End, Change.Kept),
        ];
        TrackedText.JoinInsertions(paragraphs);
        file.Write(paragraphs.SelectMany(body.Write), output);
    }
}
