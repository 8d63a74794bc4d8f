using Chancery.Search.Engine;
using Chancery.Search.Engine.Lexical;
using Chancery.Search.Languages;

namespace Chancery.Search.Tests.Engine;

/// <summary>Scores every passage, one after the other, from its text: slow, and plain enough to be believed.</summary>
internal sealed class ReferenceSearch
{
    private readonly Dictionary<Guid, IndexedPassage> _passages = [];
    private readonly Dictionary<Guid, IndexedDocument> _documents = [];
    private readonly Dictionary<Guid, List<Token>[]> _tokens = [];
    private readonly LanguageSet _languages = LanguageSet.English;

    public ReferenceSearch(IEnumerable<IndexedPassage> passages)
    {
        foreach (var passage in passages)
        {
            _passages[passage.Id] = passage;
            _documents[passage.Document.Id] = passage.Document;
        }

        foreach (var passage in _passages.Values)
        {
            var languages = PassageLanguages.Of(passage.Title, passage.Heading, passage.Body);
            _tokens[passage.Id] =
            [
                TextAnalyzer.Analyze(passage.Title, languages.Title),
                TextAnalyzer.Analyze(passage.Heading, languages.Heading),
                TextAnalyzer.Analyze(passage.Body, languages.Body),
            ];
            _languages = new LanguageSet((byte)(_languages.Bits | languages.Set.Bits));
        }
    }

    public IEnumerable<(Guid, double)> Words(SearchRequest request)
    {
        if (request.Filter is { Readers: { } readers } filter)
        {
            // What the reader may not read is not there: neither to be found nor to be counted.
            var own = new SearchFilter { Readers = readers };
            var readable = _passages
                .Values.Where(passage => Passes(passage, own))
                .Select(passage => passage with { Document = _documents[passage.Document.Id] });
            return new ReferenceSearch(readable).Words(request with { Filter = filter with { Readers = null } });
        }

        if (_passages.Count == 0)
            return [];

        var parsed = QuerySyntax.Parse(request.Text, withFields: true);
        var terms = QueryWords.Parse(parsed.Wanted, _languages).Counts();
        var settings = request.Bm25 ?? Bm25Settings.Default;
        var average = _tokens.Values.Average(fields => (double)fields.Sum(field => field.Count));
        var frequencies = terms.Keys.ToDictionary(
            term => term,
            term => _tokens.Values.Count(fields => fields.Any(field => field.Exists(token => token.Term == term)))
        );
        return _passages
            .Values.Where(passage => Passes(passage, request.Filter) && Stands(passage, parsed))
            .Select(passage => (passage.Id, Score: Score(passage)))
            .Where(scored => scored.Score > 0)
            .OrderByDescending(scored => scored.Score)
            .ThenBy(scored => scored.Id)
            .Take(request.Limit)
            .Select(scored => (scored.Id, Bm25.ToDouble(scored.Score)));

        long Score(IndexedPassage passage)
        {
            var fields = _tokens[passage.Id];
            var score = 0L;
            foreach (var (term, frequency) in frequencies)
            {
                var counts = fields.Select(field => field.Count(token => token.Term == term)).ToArray();
                if (counts.Sum() > 0)
                {
                    score += new Bm25(
                        settings,
                        _passages.Count,
                        average,
                        frequency,
                        settings.WeightOf(terms[term])
                    ).Score(
                        FieldWeights.Default.Weigh(counts[0], counts[1], counts[2]),
                        fields.Sum(field => field.Count)
                    );
                }
            }

            return score;
        }
    }

    private bool Stands(IndexedPassage passage, ParsedQuery parsed) =>
        parsed.Clauses.All(clause =>
            clause.IsExcluded
                ? !Stands(passage, clause)
                : !clause.IsPhrase && clause.Field is null || Stands(passage, clause)
        );

    private bool Stands(IndexedPassage passage, QueryClause clause)
    {
        string[] names = ["title", "heading", "body"];
        var wanted = new List<Token>();
        foreach (var language in _languages)
            wanted.AddRange(TextAnalyzer.Analyze(clause.Text, language));
        if (wanted.Count == 0)
            return !clause.IsExcluded;
        return Enumerable
            .Range(0, 3)
            .Where(field => clause.Field is null || clause.Field == names[field])
            .Any(field =>
            {
                var tokens = _tokens[passage.Id][field];
                return tokens.Exists(start =>
                    wanted
                        .GroupBy(token => token.Position)
                        .All(place =>
                            tokens.Exists(token =>
                                token.Position == start.Position + place.Key - wanted[0].Position
                                && place.Any(w => w.Term == token.Term)
                            )
                        )
                );
            });
    }

    private bool Passes(IndexedPassage passage, SearchFilter? filter)
    {
        var document = _documents[passage.Document.Id];
        return filter is null
            || (
                (filter.Documents is null || filter.Documents.Contains(document.Id))
                && (filter.Collections is null || filter.Collections.Contains(document.CollectionId))
                && (filter.Tags is null || filter.Tags.Intersect(document.Tags).Any())
                && (filter.From is null || document.Date >= filter.From)
                && (filter.To is null || document.Date < filter.To)
                && (
                    filter.Readers is null
                    || document.Readers is null
                    || filter.Readers.Intersect(document.Readers).Any()
                )
            );
    }
}
