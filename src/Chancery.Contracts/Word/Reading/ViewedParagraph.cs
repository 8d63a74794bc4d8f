namespace Chancery.Contracts.Word.Reading;

/// <summary>A paragraph as it reads once some authors' changes are made and the others' are not.</summary>
/// <param name="Key">The stored paragraph that its first words are from: the same in every view that has them.</param>
/// <param name="Sources">The stored paragraphs that it is made of.</param>
/// <param name="Clauses">The ids of our own bookmarks that begin with it.</param>
internal sealed record ViewedParagraph(
    int Key,
    IReadOnlyList<int> Sources,
    IReadOnlyList<SourcePiece> Pieces,
    ParagraphStyle Style,
    int? Outline,
    ListPlace? Place,
    bool IsRow,
    IReadOnlyList<Guid> Clauses,
    IReadOnlyList<string> Bookmarks
)
{
    /// <summary>The words, without the numbers that a file of ours has typed.</summary>
    public string Text { get; } =
        string.Concat(Pieces.Where(piece => piece.Style != TypedNumber).Select(piece => piece.Text));

    public static string TypedNumber { get; } = WordStyles.Letters(LetterStyle.TypedNumber)!;
}

/// <summary>Makes a view of the stored paragraphs.</summary>
internal static class View
{
    public static List<ViewedParagraph> Of(
        IReadOnlyList<SourceParagraph> source,
        StyleSheet styles,
        Lists lists,
        Func<string, bool> isApplied
    )
    {
        var counter = new ListCounter(lists);
        List<ViewedParagraph> viewed = [];
        var open = new Open();
        foreach (var paragraph in source)
        {
            var wasEmpty = open.Pieces.Count == 0;
            var visible = paragraph.Pieces.Where(piece => piece.Text.Length > 0 && piece.Condition.Holds(isApplied));
            open.Pieces.AddRange(visible);
            var isEnd = paragraph.End.Holds(isApplied);
            if (open.Pieces.Count > 0 || isEnd)
            {
                open.Sources.Add(paragraph.Index);
            }

            // What begins in the middle of a paragraph, because the end above it is gone, is a part of that one.
            if (wasEmpty)
            {
                open.Bookmarks.AddRange(paragraph.BookmarkStarts);
            }

            if (!isEnd && open.Pieces.Count == 0)
            {
                open.Bookmarks.RemoveAll(paragraph.BookmarkEnds.Contains);
            }

            if (isEnd)
            {
                viewed.Add(open.Close(paragraph, styles, lists, counter, isApplied));
                open = new Open();
            }
        }

        if (open.Pieces.Count > 0)
        {
            viewed.Add(open.Close(source[^1], styles, lists, counter, isApplied));
        }

        return viewed;
    }

    private sealed class Open
    {
        public List<SourcePiece> Pieces { get; } = [];

        public List<int> Sources { get; } = [];

        public List<string> Bookmarks { get; } = [];

        public ViewedParagraph Close(
            SourceParagraph last,
            StyleSheet styles,
            Lists lists,
            ListCounter counter,
            Func<string, bool> isApplied
        )
        {
            var properties = last.PropertiesFor(isApplied);
            var style = styles[
                (string?)properties?.Element(Xml.W + "pStyle")?.Attribute(Xml.W + "val") ?? styles.Default
            ];
            var place =
                last.IsRow || lists.Find(properties, style) is not { } at ? null : counter.Count(at.Instance, at.Level);
            var outline = StyleSheet.Number(properties?.Element(Xml.W + "outlineLvl")) ?? style.Outline;
            return new ViewedParagraph(
                Sources[0],
                Sources,
                Pieces,
                style,
                outline is >= 0 and < 9 ? outline : null,
                place,
                last.IsRow,
                [.. Bookmarks.Select(ClauseBookmark.Read).OfType<Guid>().Distinct()],
                Bookmarks
            );
        }
    }
}
