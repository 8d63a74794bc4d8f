namespace Chancery.Search.Engine;

/// <summary>What to look for. Every value is usable: what is out of range is brought into it.</summary>
public sealed record SearchRequest
{
    /// <summary>
    /// Words, <c>"phrases"</c>, <c>-exclusions</c>, <c>title:</c>, <c>heading:</c>, <c>body:</c>; empty to search by vector
    /// alone.
    /// </summary>
    public string Text { get; init; } = "";

    /// <summary>Whether <c>title:</c>, <c>heading:</c> and <c>body:</c> say where a word must stand; else they are words.</summary>
    public bool ReadsFields { get; init; } = true;

    /// <summary>
    /// More to look for than the text says, as other names of the same thing; none of them must stand in a passage.
    /// </summary>
    public IReadOnlyCollection<SupportingTerm> Supporting { get; init; } = [];

    /// <summary>The query's vector; empty to search by words alone.</summary>
    public ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>
    /// The nearest passages by vectors that are kept elsewhere, best first, with their cosines: in the place of <see cref="Vector"/> and the
    /// vectors in the index. Those that the index does not hold, a filter leaves out or words exclude are no hits.
    /// </summary>
    public IReadOnlyList<ScoredPassage>? Nearest { get; init; }

    public SearchFilter? Filter { get; init; }

    /// <summary>Most hits, 1 to 1,000.</summary>
    public int Limit { get; init; } = 10;

    /// <summary>How many passages each stage hands on, 1 to 10,000; at least the limit.</summary>
    public int Candidates { get; init; } = 100;

    /// <summary>Most hits of one document; 0 for any number.</summary>
    public int MostPerDocument { get; init; }

    /// <summary>Whether passages that follow each other in a document become one hit.</summary>
    public bool JoinNeighbours { get; init; }

    /// <summary>Cosine that a passage with a vector must exceed to be a hit.</summary>
    public double? MinimumCosine { get; init; }

    /// <summary>How both rankings become one; by rank when <see langword="null"/>.</summary>
    public PassageFusion? Fusion { get; init; }

    /// <summary>Those of the index when <see langword="null"/>.</summary>
    public Bm25Settings? Bm25 { get; init; }

    /// <summary>Whether the outcome tells how it came about.</summary>
    public bool Explain { get; init; }
}

/// <param name="Term">As <see cref="TextAnalyzer"/> gives it.</param>
/// <param name="Weight">How much it counts, where a word of the text counts 1; more than 0, at most 1.</param>
public readonly record struct SupportingTerm(string Term, double Weight);
