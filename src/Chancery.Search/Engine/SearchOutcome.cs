namespace Chancery.Search.Engine;

/// <summary>What was found.</summary>
/// <param name="Revision">Of the index when the query began; all hits are of it.</param>
/// <param name="Mode">Which rankings there were.</param>
/// <param name="Hits">Best first.</param>
/// <param name="Explanation"><see langword="null"/> unless asked for.</param>
public sealed record SearchOutcome(
    IndexRevision Revision,
    SearchMode Mode,
    IReadOnlyList<SearchHit> Hits,
    SearchExplanation? Explanation
);

public enum SearchMode
{
    /// <summary>Neither words nor a vector that could be used.</summary>
    Nothing,
    Words,
    Vectors,
    Hybrid,
}

/// <param name="Score">BM25, cosine, or where both ranked, their fusion; comparable within one outcome only.</param>
/// <param name="Words">Rank and BM25 score; <see langword="null"/> where words did not find it.</param>
/// <param name="Vectors">Rank and cosine; <see langword="null"/> where the vector did not find it.</param>
/// <param name="Neighbours">Passages joined to this one, in the order of the document; itself not among them.</param>
public sealed record SearchHit(
    Guid PassageId,
    Guid DocumentId,
    int Ordinal,
    double Score,
    HitRank? Words,
    HitRank? Vectors,
    IReadOnlyList<Guid> Neighbours
);

/// <param name="Rank">From 1.</param>
public readonly record struct HitRank(int Rank, double Score);

/// <summary>How an outcome came about, stage by stage in their order.</summary>
/// <param name="Passages">Alive in the index.</param>
public sealed record SearchExplanation(int Passages, IReadOnlyList<StageExplanation> Stages);

/// <param name="Stage"><c>filter</c>, <c>words</c>, <c>vectors</c>, <c>fusion</c> or <c>arrangement</c>.</param>
/// <param name="Note">What it did, for a person.</param>
/// <param name="Candidates">What it handed on, best first; empty for the filter.</param>
public sealed record StageExplanation(
    string Stage,
    string Note,
    IReadOnlyList<ScoredPassage> Candidates,
    TimeSpan Elapsed
);

public readonly record struct ScoredPassage(Guid PassageId, double Score);
