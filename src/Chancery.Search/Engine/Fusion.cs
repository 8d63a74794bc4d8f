namespace Chancery.Search.Engine;

/// <summary>Makes one ranking of two, best first. Must not throw, and be safe for concurrent use.</summary>
public delegate IReadOnlyList<ScoredPassage> PassageFusion(FusionInput input);

/// <summary>What there is to fuse.</summary>
/// <param name="Passages">The best of both rankings, each once: those that words found first, in their order.</param>
/// <param name="WholeScore">What BM25 gives to a passage of average length that has each word of the query once.</param>
public sealed record FusionInput(IReadOnlyList<FusionPassage> Passages, double WholeScore);

/// <summary>What both signals say of one passage, whichever found it.</summary>
/// <param name="Words">BM25; 0 where no word of the query occurs.</param>
/// <param name="Cosine">Of its vector with the query's; <see langword="null"/> where it has none.</param>
/// <param name="WordsRank">From 1; <see langword="null"/> where it is not among the best by words.</param>
/// <param name="VectorsRank">From 1; <see langword="null"/> where it is not among the best by vector.</param>
public readonly record struct FusionPassage(
    Guid PassageId,
    double Words,
    double? Cosine,
    int? WordsRank,
    int? VectorsRank
);

/// <summary>The fusion where a request names no other: by rank alone (Cormack, Clarke and Buettcher 2009).</summary>
internal static class RankFusion
{
    private const double Dampening = 60;

    public static IReadOnlyList<ScoredPassage> Fuse(FusionInput input) =>
        [
            .. input
                .Passages.Select(passage => new ScoredPassage(
                    passage.PassageId,
                    Part(passage.WordsRank) + Part(passage.VectorsRank)
                ))
                .OrderByDescending(passage => passage.Score),
        ];

    private static double Part(int? rank) => rank is { } place ? 1 / (Dampening + place) : 0;
}
