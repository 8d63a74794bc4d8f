namespace Chancery.Search;

/// <summary>Tells which sentences of a passage are of the identifier that a question names.</summary>
internal static class IdentifierPlaces
{
    /// <summary>
    /// For each sentence whether it has none of the question's identifiers: neither in itself nor above it, nor beside it
    /// where it names no other of the same make. Null where the passage is of them as a whole.
    /// </summary>
    public static bool[]? Lacking(
        AskedIdentifiers asked,
        AnswerPassage passage,
        List<TextSpan> sentences,
        PassageTables tables
    )
    {
        var sought = asked.All & ~(asked.In(passage.Title) | asked.In(passage.FileName) | asked.In(passage.Heading));
        if (sought == 0)
            return null;

        var text = passage.Text;
        var own = new int[sentences.Count];
        for (var s = 0; s < sentences.Count; s++)
            own[s] = asked.In(sentences[s].In(text)) & sought;

        var lacking = new bool[sentences.Count];
        var (heading, announced) = (0, 0);
        for (var s = 0; s < sentences.Count; s++)
        {
            var sentence = sentences[s].In(text);
            var row = tables.At(sentences[s].Start);
            var isItem = Sentences.IsListItem(sentence);
            if (row is { IsHead: false } || Sentences.IsTableRow(sentence))
            {
                lacking[s] =
                    (own[s] | heading | (row?.Heads is { } heads ? asked.In(string.Join('\n', heads)) : 0)) == 0;
                continue;
            }

            if (Sentences.IsHeading(text, sentences[s]))
            {
                heading = own[s];
                announced = 0;
                lacking[s] = own[s] == 0;
                continue;
            }

            announced =
                sentence[^1] is ':' or '：' ? own[s]
                : isItem ? announced
                : 0;
            lacking[s] =
                (own[s] | heading | announced) == 0
                && (isItem || (asked.AlikeIn(sentence) & sought) != 0 || !(HasBeside(s - 1) || HasBeside(s + 1)));
        }

        return lacking;

        bool HasBeside(int s) =>
            s >= 0
            && s < sentences.Count
            && own[s] != 0
            && !Sentences.IsListItem(sentences[s].In(text))
            && !Sentences.IsTableRow(sentences[s].In(text));
    }
}
