namespace Chancery.Documents;

/// <param name="IsHeading">Opens a section.</param>
/// <param name="IsProse">Has sentences, so that the next chunk may repeat its last.</param>
/// <param name="Columns">Of rows that are cut off from them: the names of their table's columns.</param>
internal readonly record struct Piece(
    int Start,
    int End,
    int Tokens,
    bool IsHeading,
    bool IsProse,
    int Level,
    string? Columns = null
);

/// <summary>Cuts a page into pieces that fit the budget: whole blocks, else rows, sentences, words.</summary>
internal static class PagePieces
{
    public static IEnumerable<Piece> Of(DocumentPage page, int budget, TableHeads heads)
    {
        IEnumerable<TextBlock> blocks =
            page.Blocks.Count > 0 ? page.Blocks
            : page.Text.Length > 0 ? [new TextBlock(BlockKind.Paragraph, 0, page.Text.Length, 0)]
            : [];

        foreach (var block in blocks)
        {
            var isProse = block.Kind is BlockKind.Paragraph or BlockKind.ListItem or BlockKind.Note;
            var isHeading = block.Kind is BlockKind.Heading;
            var head = heads.Of(page, block);
            foreach (var span in Fit(page.Text, new TextSpan(block.Start, block.End), block.Kind, budget))
            {
                var tokens = TokenEstimate.Of(page.Text.AsSpan(span.Start, span.Length));
                var columns = span.Start >= head?.From ? head.Value.Names : null;
                yield return new Piece(span.Start, span.End, tokens, isHeading, isProse, block.Level, columns);
                isHeading = false;
            }
        }
    }

    private static IEnumerable<TextSpan> Fit(string text, TextSpan block, BlockKind kind, int budget)
    {
        if (TokenEstimate.Of(text.AsSpan(block.Start, block.Length)) <= budget)
        {
            yield return block;
            yield break;
        }

        var parts = kind is BlockKind.Table or BlockKind.Code
            ? Lines(text, block)
            : Sentences.Split(text, block.Start, block.End);
        foreach (var part in parts)
        {
            if (TokenEstimate.Of(text.AsSpan(part.Start, part.Length)) <= budget)
            {
                yield return part;
                continue;
            }

            foreach (var words in Words(text, part, budget))
            {
                yield return words;
            }
        }
    }

    public static IEnumerable<TextSpan> Lines(string text, TextSpan block)
    {
        var start = block.Start;
        while (start < block.End)
        {
            var end = text.IndexOf('\n', start, block.End - start);
            end = end < 0 ? block.End : end;
            if (end > start)
            {
                yield return new TextSpan(start, end);
            }

            start = end + 1;
        }
    }

    /// <summary>As many words as fit, again and again; a word that does not fit by itself is cut.</summary>
    private static IEnumerable<TextSpan> Words(string text, TextSpan part, int budget)
    {
        // No character is more than a token, so this many always fit; four times as many usually do.
        var start = part.Start;
        while (start < part.End)
        {
            var end = Math.Min(part.End, start + (budget * 4));
            while (end - start > budget && TokenEstimate.Of(text.AsSpan(start, end - start)) > budget)
            {
                end = start + Math.Max(budget, (end - start) * 3 / 4);
            }

            if (end < part.End)
            {
                var space = text.LastIndexOfAny([' ', '\n', '\t'], end - 1, end - start);
                end = space > start ? space : end;
                end -= char.IsHighSurrogate(text[end - 1]) ? 1 : 0;
            }

            yield return new TextSpan(start, end);
            start = end;
            while (start < part.End && char.IsWhiteSpace(text[start]))
            {
                start++;
            }
        }
    }
}
