using System.Diagnostics;
using Chancery.Search.Engine.Dense;
using Chancery.Search.Engine.Lexical;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine;

/// <summary>One query against one generation, stage by stage.</summary>
internal sealed class SearchRun(Generation generation, SearchIndexOptions options, SearchRequest request)
{
    private const int MostHits = 1000;
    private const int MostCandidates = 10_000;

    private readonly Scope _scope = Scope.Of(generation, request.Filter?.Readers);
    private readonly int _limit = Math.Clamp(request.Limit, 1, MostHits);
    private readonly List<StageExplanation> _stages = [];
    private long _stageBegan = Stopwatch.GetTimestamp();

    public SearchOutcome Run()
    {
        var lexical = LexicalQuery.Parse(
            request.Text ?? "",
            request.Supporting ?? [],
            request.ReadsFields,
            _scope.Languages
        );
        var dense = request.Nearest is null
            ? DenseQuery.Of(request.Vector.Span, new VectorLayout(options.Dimensions))
            : null;
        var isByVector = dense is not null || request.Nearest is not null;
        var most = Math.Max(_limit, Math.Clamp(request.Candidates, 1, MostCandidates));

        var allowed = AllowedTexts(lexical);
        var search = new LexicalSearch(
            generation,
            _scope,
            lexical,
            (request.Bm25 ?? options.Bm25).Usable,
            options.Weights
        );
        var words = lexical.IsEmpty ? [] : RankWords(search, allowed, most);
        var vectors =
            request.Nearest is { } nearest ? Given(allowed, nearest, most)
            : dense is null ? []
            : RankVectors(allowed, lexical, dense, most);
        var mode = (lexical.IsEmpty, isByVector) switch
        {
            (true, false) => SearchMode.Nothing,
            (false, false) => SearchMode.Words,
            (true, _) => SearchMode.Vectors,
            _ => SearchMode.Hybrid,
        };
        if (dense is not null && request.MinimumCosine is { } least)
            words =
            [
                .. words.Where(passage =>
                    !(DenseSearch.CosineOf(generation.Vectors, passage.PassageId, dense) <= least)
                ),
            ];

        var ranked =
            mode == SearchMode.Hybrid ? Fuse(words, vectors, search, dense)
            : words.Length > 0 ? words
            : vectors;
        var hits = new Arrangement(generation, request, _limit).Arrange(ranked, words, vectors);
        Told(
            "arrangement",
            () => $"{hits.Count} hits.",
            () => hits.Select(hit => new ScoredPassage(hit.PassageId, hit.Score))
        );
        return new SearchOutcome(
            generation.Revision,
            mode,
            hits,
            request.Explain ? new SearchExplanation(_scope.PassageCount, _stages) : null
        );
    }

    private Bitmap[] AllowedTexts(LexicalQuery lexical)
    {
        var allowed = new Bitmap[generation.Texts.Count];
        for (var i = 0; i < allowed.Length; i++)
        {
            allowed[i] = generation.Texts[i].Allowed(request.Filter);
            LexicalSearch.Restrict(generation.Texts[i], allowed[i], lexical);
        }

        Told(
            "filter",
            () =>
                $"{allowed.Sum(rows => rows.Count())} of {_scope.PassageCount} passages"
                + string.Concat(lexical.Required.Select(sequence => $", with {sequence}"))
                + string.Concat(lexical.Excluded.Select(sequence => $", without {sequence}"))
                + ".",
            () => []
        );
        return allowed;
    }

    private ScoredPassage[] RankWords(LexicalSearch search, Bitmap[] allowed, int most)
    {
        ScoredPassage[] ranked =
        [
            .. search.Best(allowed, most).Select(row => new ScoredPassage(row.Id, Bm25.ToDouble(row.Score))),
        ];
        Told("words", search.Note, () => ranked);
        return ranked;
    }

    private ScoredPassage[] RankVectors(Bitmap[] allowedTexts, LexicalQuery lexical, DenseQuery dense, int most)
    {
        Bitmap[] allowed =
            lexical.Required.Count > 0
                ? Only(allowedTexts)
                : [.. generation.Vectors.Select(view => view.Allowed(request.Filter))];
        if (lexical.Required.Count == 0 && lexical.Excluded.Count > 0)
            Exclude(allowed, lexical);

        var found = DenseSearch.Run(generation.Vectors, allowed, dense, options, most);
        ScoredPassage[] ranked =
        [
            .. found
                .Rows.Where(row => !(row.Score <= request.MinimumCosine))
                .Select(row => new ScoredPassage(row.Id, row.Score)),
        ];
        Told("vectors", () => found.Note, () => ranked);
        return ranked;
    }

    /// <summary>Of what the request names as nearest, that which words and the filter allow.</summary>
    private ScoredPassage[] Given(Bitmap[] allowedTexts, IReadOnlyList<ScoredPassage> nearest, int most)
    {
        ScoredPassage[] ranked =
        [
            .. nearest
                .Where(passage => !(passage.Score <= request.MinimumCosine))
                .Where(passage => IsAllowed(passage.PassageId, allowedTexts))
                .Take(most),
        ];
        Told("vectors", () => "As the request names them.", () => ranked);
        return ranked;
    }

    private bool IsAllowed(Guid passage, Bitmap[] allowedTexts)
    {
        for (var i = 0; i < allowedTexts.Length; i++)
        {
            if (generation.Texts[i].AliveRowOf(passage) is var row and >= 0)
                return allowedTexts[i][row];
        }

        return false;
    }

    /// <summary>The vectors of the passages that words allow.</summary>
    private Bitmap[] Only(Bitmap[] allowedTexts)
    {
        Bitmap[] allowed = [.. generation.Vectors.Select(view => Bitmap.None(view.Rows.Count))];
        for (var i = 0; i < allowedTexts.Length; i++)
            ForEachVectorOf(generation.Texts[i], allowedTexts[i], (view, row) => allowed[view].Set(row));
        return allowed;
    }

    private void Exclude(Bitmap[] allowed, LexicalQuery lexical)
    {
        foreach (var view in generation.Texts)
        {
            foreach (var sequence in lexical.Excluded)
            {
                var excluded = SequenceRows.Find(view.Segment, sequence);
                excluded.And(view.Alive);
                ForEachVectorOf(view, excluded, (vector, row) => allowed[vector].Clear(row));
            }
        }
    }

    private void ForEachVectorOf(TextView view, Bitmap rows, Action<int, int> act)
    {
        var ids = view.Rows.Ids;
        for (var row = rows.Next(0); row < rows.Length; row = rows.Next(row + 1))
        {
            for (var i = 0; i < generation.Vectors.Count; i++)
            {
                if (generation.Vectors[i].AliveRowOf(ids.Span[row]) is var found and >= 0)
                    act(i, found);
            }
        }
    }

    private ScoredPassage[] Fuse(
        ScoredPassage[] words,
        ScoredPassage[] vectors,
        LexicalSearch search,
        DenseQuery? dense
    )
    {
        var places = new Dictionary<Guid, (int? Words, int? Vectors)>(words.Length + vectors.Length);
        for (var i = 0; i < words.Length; i++)
            places[words[i].PassageId] = (i + 1, null);
        for (var i = 0; i < vectors.Length; i++)
            places[vectors[i].PassageId] = (places.GetValueOrDefault(vectors[i].PassageId).Words, i + 1);

        // Ranks are enough for the fusion of our own; another may want to know what each signal says of all.
        var others = request.Fusion is null
            ? []
            : search.ScoresOf(places.Where(place => place.Value.Words is null).Select(place => place.Key));
        var input = new FusionInput(
            [
                .. places.Select(place => new FusionPassage(
                    place.Key,
                    place.Value.Words is { } word ? words[word - 1].Score : others.GetValueOrDefault(place.Key),
                    place.Value.Vectors is { } vector ? vectors[vector - 1].Score
                        : request.Fusion is null || dense is null ? null
                        : DenseSearch.CosineOf(generation.Vectors, place.Key, dense),
                    place.Value.Words,
                    place.Value.Vectors
                )),
            ],
            search.WholeScore
        );
        ScoredPassage[] ranked = [.. (request.Fusion ?? RankFusion.Fuse)(input)];
        Told("fusion", () => request.Fusion is null ? "By rank." : "By the request's own fusion.", () => ranked);
        return ranked;
    }

    private void Told(string stage, Func<string> note, Func<IEnumerable<ScoredPassage>> candidates)
    {
        if (!request.Explain)
            return;
        var elapsed = Stopwatch.GetElapsedTime(_stageBegan);
        _stages.Add(new StageExplanation(stage, note(), [.. candidates()], elapsed));
        _stageBegan = Stopwatch.GetTimestamp();
    }
}
