using System.Globalization;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>The best rows of all segments by their words.</summary>
internal static class LexicalSearch
{
    /// <param name="Rows">Best first; scores as <see cref="Bm25"/> counts.</param>
    /// <param name="Note">What was done, for a person.</param>
    public sealed record Found(ScoredRow<long>[] Rows, string Note);

    /// <param name="allowed">For each text view the rows that may be found.</param>
    /// <param name="explain">Whether there is to be a note.</param>
    public static Found Run(
        Generation generation,
        Bitmap[] allowed,
        LexicalQuery query,
        Bm25Settings settings,
        FieldWeights weights,
        int most,
        bool explain
    )
    {
        var views = generation.Texts;
        var terms = Rarest(views, query.Terms);
        var top = new TopRows<long>(most);
        var completed = 0;
        for (var i = 0; i < views.Count; i++)
        {
            var inSegment = new List<TermInSegment>(terms.Count);
            foreach (var (term, frequency) in terms)
            {
                if (views[i].Segment.Postings.Terms.Find(term) is var found and >= 0)
                {
                    inSegment.Add(
                        new TermInSegment(
                            PostingsCursor.Rent(views[i].Segment.Postings, found),
                            new Bm25(settings, generation.PassageCount, generation.AverageLength, frequency)
                        )
                    );
                }
            }

            if (inSegment.Count > 0)
                completed += MaxScore.Own.Run(views[i], allowed[i], [.. inSegment], weights, i, top);
            foreach (var term in inSegment)
                PostingsCursor.Return(term.Cursor);
        }

        return new Found(
            top.Drain(),
            !explain
                ? ""
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"BM25 (k1 {settings.K1}, b {settings.B}) of {string.Join(", ", terms.Select(t => $"{t.Term} ({t.Frequency})"))}; {completed} passages scored in full."
                )
        );
    }

    /// <summary>Takes from <paramref name="allowed"/> what lacks a required sequence or has an excluded one.</summary>
    public static void Restrict(TextView view, Bitmap allowed, LexicalQuery query)
    {
        foreach (var sequence in query.Required)
            allowed.And(SequenceRows.Find(view.Segment, sequence));
        foreach (var sequence in query.Excluded)
            allowed.AndNot(SequenceRows.Find(view.Segment, sequence));
    }

    /// <summary>Those that occur in living passages, with how many; the rarest where there are very many.</summary>
    private static List<(string Term, int Frequency)> Rarest(IReadOnlyList<TextView> views, IReadOnlyList<string> terms)
    {
        var present = new List<(string Term, int Frequency)>(terms.Count);
        foreach (var term in terms)
        {
            var frequency = 0;
            foreach (var view in views)
            {
                if (view.Segment.Postings.Terms.Find(term) is var found and >= 0)
                    frequency += view.FrequencyOf(found);
            }

            if (frequency > 0)
                present.Add((term, frequency));
        }

        if (present.Count <= LexicalQuery.MostTerms)
            return present;
        return
        [
            .. present
                .OrderBy(term => term.Frequency)
                .ThenBy(term => term.Term, StringComparer.Ordinal)
                .Take(LexicalQuery.MostTerms),
        ];
    }
}
