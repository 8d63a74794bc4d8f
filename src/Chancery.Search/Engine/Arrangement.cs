namespace Chancery.Search.Engine;

/// <summary>Makes hits of ranked passages: not too many of one document, neighbours joined.</summary>
internal sealed class Arrangement(Generation generation, SearchRequest request, int limit)
{
    // A hit of more would not show what was found in it.
    private const int MostJoined = 4;

    private sealed class Group(ScoredPassage best, Guid document, int ordinal)
    {
        private int _first = ordinal;
        private int _last = ordinal;

        public ScoredPassage Best => best;
        public Guid Document => document;
        public int Ordinal { get; } = ordinal;
        public SortedDictionary<int, Guid> Members { get; } = new() { [ordinal] = best.PassageId };

        public bool Touches(Guid other, int place) =>
            other == document && Members.Count < MostJoined && (place == _first - 1 || place == _last + 1);

        public void Join(int place, Guid passage)
        {
            Members.Add(place, passage);
            _first = Math.Min(_first, place);
            _last = Math.Max(_last, place);
        }
    }

    /// <param name="ranked">Best first.</param>
    /// <param name="words">As words ranked them.</param>
    /// <param name="vectors">As vectors ranked them.</param>
    public IReadOnlyList<SearchHit> Arrange(ScoredPassage[] ranked, ScoredPassage[] words, ScoredPassage[] vectors)
    {
        var groups = new List<Group>(limit);
        foreach (var passage in ranked)
        {
            var (view, row) = generation.Find(passage.PassageId);
            if (view < 0)
                continue;
            var text = generation.Texts[view];
            var document = text.Documents[text.Rows.DocumentOf.Span[row]].Id;
            var ordinal = text.Ordinals[row];
            if (request.JoinNeighbours && groups.Find(group => group.Touches(document, ordinal)) is { } near)
                near.Join(ordinal, passage.PassageId);
            else if (
                groups.Count < limit
                && (
                    request.MostPerDocument <= 0
                    || groups.Count(group => group.Document == document) < request.MostPerDocument
                )
            )
                groups.Add(new Group(passage, document, ordinal));
            else if (groups.Count == limit && !request.JoinNeighbours)
                break;
        }

        return
        [
            .. groups.Select(group => new SearchHit(
                group.Best.PassageId,
                group.Document,
                group.Ordinal,
                group.Best.Score,
                RankOf(words, group.Best.PassageId),
                RankOf(vectors, group.Best.PassageId),
                [.. group.Members.Values.Where(member => member != group.Best.PassageId)]
            )),
        ];
    }

    private static HitRank? RankOf(ScoredPassage[] ranked, Guid passage)
    {
        var place = Array.FindIndex(ranked, candidate => candidate.PassageId == passage);
        return place < 0 ? null : new HitRank(place + 1, ranked[place].Score);
    }
}
