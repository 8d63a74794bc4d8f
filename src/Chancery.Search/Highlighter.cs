using System.Runtime.InteropServices;
using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>The part of a passage that shows best why it was found.</summary>
/// <param name="Span">In the passage.</param>
/// <param name="Highlights">In the passage, all inside <paramref name="Span"/>.</param>
public sealed record Snippet(TextSpan Span, IReadOnlyList<TextSpan> Highlights);

/// <summary>Marks what a query matched. Linear in the passage; safe for concurrent use.</summary>
public static class Highlighter
{
    /// <summary>Matches by stem, in order, not overlapping; neighbours with only spaces between are one span.</summary>
    public static IReadOnlyList<TextSpan> Find(string query, string passage)
    {
        ArgumentNullException.ThrowIfNull(passage);
        return Marks(Matches(query, passage), passage);
    }

    /// <summary>The window with the most of the query, cut at sentences or words.</summary>
    /// <param name="query">As in <see cref="Find"/>.</param>
    /// <param name="passage">The whole passage.</param>
    /// <param name="maxLength">Most UTF-16 units in the window, at least 20.</param>
    public static Snippet Snippet(string query, string passage, int maxLength = 240)
    {
        ArgumentNullException.ThrowIfNull(passage);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 20);

        var matches = Matches(query, passage);
        var span = passage.Length <= maxLength ? new TextSpan(0, passage.Length) : Window(matches, passage, maxLength);
        var marks = Marks(matches, passage);
        return new Snippet(span, [.. marks.Where(mark => mark.Start >= span.Start && mark.End <= span.End)]);
    }

    /// <summary>The passage's tokens that the query asks for, in the language of the passage.</summary>
    private static List<Token> Matches(string query, string passage)
    {
        var language = LanguageDetector.Detect(passage) ?? Language.English;
        HashSet<string> terms =
        [
            .. QueryWords
                .Parse(QuerySyntax.Parse(query).Wanted, LanguageSet.Of(language))
                .Words.Select(word => word.In(language)),
        ];
        return TextAnalyzer.Analyze(passage, language).FindAll(token => terms.Contains(token.Term));
    }

    private static List<TextSpan> Marks(List<Token> matches, string passage)
    {
        var spans = new List<TextSpan>();
        foreach (var token in matches)
        {
            // A part inside a whole that matched is already marked.
            if (spans.Count == 0 || token.Start > spans[^1].End || !Touches(spans[^1], token))
                spans.Add(new TextSpan(token.Start, token.Length));
            else if (token.End > spans[^1].End)
                spans[^1] = new TextSpan(spans[^1].Start, token.End - spans[^1].Start);
        }

        return Join(spans, passage);
    }

    private static bool Touches(TextSpan span, Token token) => token.Start < span.End;

    private static List<TextSpan> Join(List<TextSpan> spans, string passage)
    {
        var joined = new List<TextSpan>(spans.Count);
        foreach (var span in spans)
        {
            if (joined.Count > 0 && passage.AsSpan(joined[^1].End, span.Start - joined[^1].End).IsWhiteSpace())
                joined[^1] = new TextSpan(joined[^1].Start, span.End - joined[^1].Start);
            else
                joined.Add(span);
        }

        return joined;
    }

    private static TextSpan Window(List<Token> matches, string passage, int maxLength)
    {
        if (matches.Count == 0)
            return Cut(passage, 0, maxLength);

        // Two ends that only move forward: each match enters and leaves the window once.
        var inside = new Dictionary<string, int>();
        var (best, bestDistinct, bestCount) = (0, 0, 0);
        var last = 0;
        for (var first = 0; first < matches.Count; first++)
        {
            for (; last < matches.Count && matches[last].End - matches[first].Start <= maxLength; last++)
                CollectionsMarshal.GetValueRefOrAddDefault(inside, matches[last].Term, out _)++;

            if ((inside.Count, last - first).CompareTo((bestDistinct, bestCount)) > 0)
                (best, bestDistinct, bestCount) = (first, inside.Count, last - first);
            if (last == first)
            {
                last++;
                continue;
            }

            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(inside, matches[first].Term, out _);
            if (--count == 0)
                inside.Remove(matches[first].Term);
        }

        var from = matches[best].Start;
        var to = matches[Math.Min(matches.Count - 1, best + Math.Max(1, bestCount) - 1)].End;
        return Cut(passage, StartFor(passage, from, to, maxLength), maxLength);
    }

    /// <summary>The start of the sentence where the window reaches back that far, else some words before the match.</summary>
    private static int StartFor(string passage, int from, int to, int maxLength)
    {
        var slack = Math.Max(0, maxLength - (to - from));
        var earliest = Math.Max(0, from - slack);
        foreach (var sentence in Sentences.Split(passage))
        {
            if (sentence.Start >= earliest && sentence.Start <= from && sentence.End > from)
                return sentence.Start;
        }

        return Math.Max(earliest, from - (slack / 2));
    }

    /// <summary>Moves both ends to spaces, where there are any near, and never into the middle of a character.</summary>
    private static TextSpan Cut(string passage, int start, int maxLength)
    {
        if (start > 0 && !char.IsWhiteSpace(passage[start - 1]))
        {
            var space = passage.AsSpan(start, Math.Min(20, passage.Length - start)).IndexOfAny(' ', '\n', '\t');
            start += space >= 0 ? space + 1 : 0;
        }

        if (start > 0 && start < passage.Length && char.IsLowSurrogate(passage[start]))
            start++;

        var end = Math.Min(passage.Length, start + maxLength);
        if (end < passage.Length && !char.IsWhiteSpace(passage[end]))
        {
            var space = passage.AsSpan(start, end - start).LastIndexOfAny(' ', '\n', '\t');
            if (space > (end - start) / 2)
                end = start + space;
            else if (char.IsLowSurrogate(passage[end]))
                end--;
        }

        return new TextSpan(start, Math.Max(0, end - start));
    }
}
