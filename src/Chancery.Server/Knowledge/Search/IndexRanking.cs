using Chancery.Search.Engine;

namespace Chancery.Server.Knowledge.Search;

/// <summary>A passage as an index ranked it.</summary>
/// <param name="Words">BM25; 0 where no word of the query occurs.</param>
/// <param name="Cosine">Null where there is no vector to compare.</param>
/// <param name="WordsRank">From 1; null where it is not among the best by words.</param>
/// <param name="VectorsRank">From 1; null where it is not among the best by vector.</param>
internal readonly record struct RankedPassage(Guid Id, double Words, double? Cosine, int? WordsRank, int? VectorsRank);

/// <summary>Both rankings of an index before they become one: that takes the passages' texts, which an index does not keep.</summary>
/// <param name="Words">Found by words, best first.</param>
/// <param name="Nearest">Found by vector, nearest first.</param>
internal sealed record IndexRanking(IReadOnlyList<RankedPassage> Words, IReadOnlyList<RankedPassage> Nearest)
{
    public static IndexRanking Of(SearchIndex index, SearchRequest request)
    {
        FusionInput? both = null;
        var outcome = index.Search(
            request with
            {
                Fusion = input =>
                {
                    both = input;
                    return [];
                },
            }
        );
        RankedPassage[] all = both is null
            ?
            [
                .. outcome.Hits.Select(hit => new RankedPassage(
                    hit.PassageId,
                    hit.Words?.Score ?? 0,
                    hit.Vectors?.Score,
                    hit.Words?.Rank,
                    hit.Vectors?.Rank
                )),
            ]
            :
            [
                .. both.Passages.Select(passage => new RankedPassage(
                    passage.PassageId,
                    passage.Words,
                    passage.Cosine,
                    passage.WordsRank,
                    passage.VectorsRank
                )),
            ];
        return new IndexRanking(
            [.. all.Where(one => one.WordsRank is not null).OrderBy(one => one.WordsRank)],
            [.. all.Where(one => one.VectorsRank is not null).OrderBy(one => one.VectorsRank)]
        );
    }
}
