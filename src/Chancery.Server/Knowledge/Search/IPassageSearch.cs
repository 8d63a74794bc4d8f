using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>Ranks the passages of a tenant's current document versions. Implementations are safe for concurrent use.</summary>
public interface IPassageSearch
{
    /// <summary>The best passages, best first. What was committed before the call began is found by it.</summary>
    /// <remarks>Holds no database session while the query is embedded.</remarks>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL failed; the host answers 503 when it is transient.</exception>
    public Task<PassageResults> SearchAsync(TenantId tenant, PassageQuery query, CancellationToken cancellationToken);
}

/// <summary>What to look for, and where. Filters that are null or empty let everything through; all given must hold.</summary>
/// <param name="Text">1 to 4096 characters: words, <c>"phrases"</c>, <c>-exclusions</c>.</param>
/// <param name="Limit">Most passages, 1 to 100.</param>
/// <param name="Threshold">
/// Cosine similarity from 0 to 1 that every passage must exceed; null for none. A lexical search cannot apply it, and
/// its note says so.
/// </param>
/// <param name="Documents">Only these documents.</param>
/// <param name="Tags">Only documents with at least one of these tags.</param>
/// <param name="Collections">Only documents of these collections.</param>
/// <param name="From">Only documents made at or after this time.</param>
/// <param name="To">Only documents made before this time.</param>
/// <param name="Explain">Whether each passage says how each stage ranked it.</param>
/// <param name="ForAnswer">
/// Whether the text is a question that the passages are to answer: a document that it names by title is searched before
/// others, what reports call by other names is looked for too, and passages are ranked by their page.
/// </param>
/// <param name="WordsOnly">Whether the meaning is left out of it, also where there is an embedding model.</param>
/// <param name="PostgresOnly">Whether PostgreSQL searches, also where there is an index in memory.</param>
/// <param name="Rerank">What ranks the best passages again; <see cref="RerankChoice.Auto"/> for what the setting says.</param>
public sealed record PassageQuery(
    string Text,
    int Limit = 5,
    double? Threshold = null,
    Guid[]? Documents = null,
    string[]? Tags = null,
    Guid[]? Collections = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    bool Explain = false,
    bool ForAnswer = false,
    bool WordsOnly = false,
    bool PostgresOnly = false,
    RerankChoice Rerank = RerankChoice.Auto
)
{
    /// <summary>For whom: what they may not read is neither found nor counted.</summary>
    public Reader Reader { get; init; } = Reader.Nobody;
}

/// <param name="Mode"><c>hybrid</c> (words and meaning) or <c>lexical</c> (words only).</param>
/// <param name="Note">Why it is lexical only, for a person; null when hybrid.</param>
/// <param name="Passages">Best first.</param>
public sealed record PassageResults(string Mode, string? Note, IReadOnlyList<Passage> Passages)
{
    public const string Hybrid = "hybrid";
    public const string Lexical = "lexical";

    public static bool HasMode(string mode) => mode is Hybrid or Lexical;

    /// <summary>Which engine found them: one of <see cref="SearchEngines"/>.</summary>
    public string Engine { get; init; } = SearchEngines.Postgres;

    /// <summary>Whether passages stand by the page that they are on.</summary>
    public bool IsByPages { get; init; }

    /// <summary>What became of ranking them again; null where nothing was to.</summary>
    public RerankReport? Rerank { get; init; }

    /// <summary>The embedding model that told the meaning, by the name of its vectors; null when lexical.</summary>
    public string? Model { get; init; }

    /// <summary>How long each stage took, by its name; stages may run at the same time.</summary>
    public IReadOnlyDictionary<string, double> StageMilliseconds { get; init; } = new Dictionary<string, double>();

    /// <summary>What was taken for the nearest; null where every vector was looked at, or none.</summary>
    internal ServedNearest? Nearest { get; init; }
}

/// <summary>A passage of a document's current version.</summary>
/// <param name="Page">From 1.</param>
/// <param name="Start">First character in the page's text, in UTF-16 units.</param>
/// <param name="End">The character after the last.</param>
/// <param name="Heading">The headings above it, outermost first; may be empty.</param>
/// <param name="Text">Exactly the page's text from <paramref name="Start"/> up to <paramref name="End"/>.</param>
/// <param name="Highlights">Start and length in <paramref name="Text"/> of what matches the query.</param>
/// <param name="Score">Comparable within one answer only: fused, from 0 to 1, when hybrid; BM25 when lexical.</param>
/// <param name="Explain">Null unless asked for.</param>
public sealed record Passage(
    Guid ChunkId,
    Guid DocumentId,
    int Version,
    string Title,
    string Path,
    string[] Tags,
    int Page,
    int Start,
    int End,
    string Heading,
    string Text,
    IReadOnlyList<int[]> Highlights,
    double Score,
    PassageExplanation? Explain
)
{
    /// <summary>Where it stands, for a person, in formats without paper: "Sheet Costs, A4:D9", "Paragraph 14"; else null.</summary>
    public string? Place { get; init; }
}

/// <summary>How each stage ranked a passage. A stage that did not find it is null.</summary>
/// <param name="Lexical">BM25.</param>
/// <param name="Dense">Cosine similarity.</param>
/// <param name="Fused">Both, each scaled to the query and weighed, from 0 to 1; null when only words were searched.</param>
public sealed record PassageExplanation(StageRank? Lexical, StageRank? Dense, double? Fused)
{
    /// <summary>
    /// How the vectors were searched: <c>exact</c> (all of them), <c>hnsw</c> (by the index in PostgreSQL), <c>redis</c> (by the vector set
    /// there); null when only words were searched.
    /// </summary>
    public string? Scan { get; init; }

    /// <summary>
    /// What the reranker gave to it, and its rank by that alone; null where it was not ranked again. The passage's score joins that with
    /// the former one.
    /// </summary>
    public StageRank? Rerank { get; init; }
}

/// <param name="Rank">From 1.</param>
public sealed record StageRank(int Rank, double Score);
