namespace Chancery.Search;

/// <summary>
/// The words of each line of a passage, by hash, without grammar and figures: in a table, the label of the row. Immutable.
/// </summary>
internal sealed class LineLabels
{
    private readonly int[] _words;

    /// <summary>For each line the end of its words, twice, and one more where it has a figure.</summary>
    private readonly int[] _lines;

    private LineLabels(int[] words, int[] lines)
    {
        _words = words;
        _lines = lines;
    }

    /// <param name="tokens">Of <paramref name="text"/>.</param>
    public static LineLabels Of(string text, List<Token> tokens)
    {
        var words = new List<int>(tokens.Count);
        var lines = new List<int>();
        var (at, t) = (0, 0);
        while (at <= text.Length && t < tokens.Count)
        {
            var end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end;
            var first = words.Count;
            var hasFigure = false;
            for (; t < tokens.Count && tokens[t].Start < end; t++)
            {
                var token = tokens[t];
                hasFigure |= token.Kind is TokenKind.Number;
                if (!token.IsStopWord && token.Kind is not TokenKind.Number)
                    words.Add(TermCounts.HashOf(token.Term));
            }

            if (words.Count > first)
                lines.Add((words.Count << 1) | (hasFigure ? 1 : 0));
            at = end + 1;
        }

        return new LineLabels([.. words], [.. lines]);
    }

    /// <summary>
    /// How purely a line is about an item, 0 to 1: 1 where it is the label of a row, less in a sentence that says more, or
    /// where other words stand between; 0 where no line has all of its words.
    /// </summary>
    /// <param name="item">Hashes of its stems; at least one.</param>
    public double Purity(ReadOnlySpan<int> item)
    {
        var best = 0d;
        var start = 0;
        foreach (var line in _lines)
        {
            var words = _words.AsSpan(start, (line >> 1) - start);
            start = line >> 1;
            best = Math.Max(best, Purity(item, words, (line & 1) == 1));
        }

        return best;
    }

    public static double Purity(ReadOnlySpan<int> item, ReadOnlySpan<int> words, bool hasFigure)
    {
        foreach (var word in item)
        {
            if (!words.Contains(word))
                return 0;
        }

        var share = Math.Min(1, (double)item.Length / words.Length);
        return (0.3 + (0.7 * share))
            // A title has no figure, either, but little else.
            * (hasFigure || share > 0.7 ? 1 : 0.6)
            * (words.IndexOf(item) >= 0 ? 1 : 0.7);
    }

    public static int[] Hash(string[] stems) => Array.ConvertAll(stems, TermCounts.HashOf);
}
