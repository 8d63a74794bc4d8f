using System.Globalization;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>The words of one query in one generation, and how common they are there.</summary>
internal sealed class LexicalSearch
{
    private readonly record struct QueryTerm(string Term, int Frequency, Bm25 Bm25);

    private readonly double _wholeScore;

    private readonly Generation _generation;
    private readonly Scope _scope;
    private readonly FieldWeights _weights;
    private readonly Bm25Settings _settings;
    private readonly List<QueryTerm> _terms;

    public LexicalSearch(
        Generation generation,
        Scope scope,
        LexicalQuery query,
        Bm25Settings settings,
        FieldWeights weights
    )
    {
        _generation = generation;
        _scope = scope;
        _weights = weights;
        _settings = settings;
        _terms = Rarest(query.Terms.Select(term => new SupportingTerm(term.Key, settings.WeightOf(term.Value))));
        _wholeScore = WholeScoreOf(query.Words, _terms, settings);
        _terms.AddRange(Rarest(query.Supporting));
    }

    /// <summary>What a passage of average length gets that has each word once.</summary>
    public double WholeScore => _wholeScore;

    /// <summary>Rows of the last <see cref="Best"/> whose score was completed.</summary>
    public int Completed { get; private set; }

    /// <summary>The best rows of all segments.</summary>
    /// <param name="allowed">For each text view the rows that may be found.</param>
    public ScoredRow<long>[] Best(Bitmap[] allowed, int most)
    {
        var top = new TopRows<long>(most);
        for (var i = 0; i < allowed.Length; i++)
        {
            var terms = Open(_generation.Texts[i]);
            if (terms.Length > 0)
                Completed += MaxScore.Own.Run(_generation.Texts[i], allowed[i], terms, _weights, i, top);
            Close(terms);
        }

        return top.Drain();
    }

    /// <summary>The scores of passages that others have found.</summary>
    public Dictionary<Guid, double> ScoresOf(IEnumerable<Guid> passages)
    {
        var scores = new Dictionary<Guid, double>();
        foreach (
            var group in passages
                .Select(id => (Id: id, Place: _generation.Find(id)))
                .Where(found => found.Place.View >= 0)
                .GroupBy(found => found.Place.View)
        )
        {
            var view = _generation.Texts[group.Key];
            var terms = Open(view);
            foreach (var (id, (_, row)) in group.OrderBy(found => found.Place.Row))
                scores[id] = Bm25.ToDouble(ScoreOf(terms, row, view.Segment.Lengths.Span[row]));
            Close(terms);
        }

        return scores;
    }

    /// <summary>What was done, for a person.</summary>
    public string Note() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"BM25 (k1 {_settings.K1}, b {_settings.B}, k3 {_settings.K3}) of {string.Join(", ", _terms.Select(t => $"{t.Term} ({t.Frequency})"))}; {Completed} passages scored in full."
        );

    /// <summary>Takes from <paramref name="allowed"/> what lacks a required sequence or has an excluded one.</summary>
    public static void Restrict(TextView view, Bitmap allowed, LexicalQuery query)
    {
        foreach (var sequence in query.Required)
            allowed.And(SequenceRows.Find(view.Segment, sequence));
        foreach (var sequence in query.Excluded)
            allowed.AndNot(SequenceRows.Find(view.Segment, sequence));
    }

    private TermInSegment[] Open(TextView view)
    {
        var postings = view.Segment.Postings;
        var terms = new List<TermInSegment>(_terms.Count);
        foreach (var term in _terms)
        {
            if (postings.Terms.Find(term.Term) is var found and >= 0)
                terms.Add(new TermInSegment(PostingsCursor.Rent(postings, found), term.Bm25));
        }

        return [.. terms];
    }

    private static void Close(TermInSegment[] terms)
    {
        foreach (var term in terms)
            PostingsCursor.Return(term.Cursor);
    }

    private long ScoreOf(TermInSegment[] terms, int row, int length)
    {
        var score = 0L;
        foreach (var (cursor, bm25) in terms)
        {
            cursor.MoveTo(row);
            if (cursor.Row == row)
                score += bm25.Score(cursor.Weighted(_weights), length);
        }

        return score;
    }

    /// <summary>By words, not terms: no passage has a word in each language.</summary>
    private static double WholeScoreOf(IReadOnlyList<QueryWord> words, List<QueryTerm> terms, Bm25Settings settings)
    {
        var weights = terms.ToDictionary(term => term.Term, term => term.Bm25.InverseFrequency);
        return words.Sum(word =>
            settings.WeightOf(word.Count)
            * word.Terms.Where(weights.ContainsKey).Select(term => weights[term]).DefaultIfEmpty().Min()
        );
    }

    /// <summary>Those that occur in passages that may be found; the rarest where there are very many.</summary>
    private List<QueryTerm> Rarest(IEnumerable<SupportingTerm> terms)
    {
        var present = new List<QueryTerm>();
        foreach (var (term, weight) in terms)
        {
            var frequency = _scope.FrequencyOf(term);
            if (frequency > 0)
            {
                present.Add(
                    new QueryTerm(
                        term,
                        frequency,
                        new Bm25(_settings, _scope.PassageCount, _scope.AverageLength, frequency, weight)
                    )
                );
            }
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
