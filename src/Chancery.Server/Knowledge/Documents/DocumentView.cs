using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Knowledge.Documents;

/// <summary>Why a version could not be made searchable.</summary>
/// <param name="Code">What clients switch on: encrypted, malformed, empty, image-only, timed-out, …</param>
/// <param name="Reason">For the person who uploaded it: what is wrong and what to do.</param>
public sealed record Failure(string Code, string Reason);

/// <summary>The address that a document came from.</summary>
/// <param name="State">fetching, fetched, unchanged (asked again, and it was the same) or failed.</param>
/// <param name="Failure">Why the last attempt failed; the versions that are there stay.</param>
/// <param name="CheckedAt">When it was last asked to an end.</param>
public sealed record SourceView(string Url, string State, Failure? Failure, DateTimeOffset? CheckedAt);

/// <summary>A document as the API shows it. What a version can tell is told of the latest.</summary>
/// <param name="Path">The name that it was uploaded under.</param>
/// <param name="CurrentVersion">The version that search and answers use; null until one is ready.</param>
/// <param name="State">stored, fetching, queued, reading, cutting, embedding, ready or failed.</param>
/// <param name="MediaType">Empty until the file was fetched.</param>
/// <param name="FileSize">Bytes.</param>
/// <param name="PageCount">Null while unknown.</param>
/// <param name="VectorsMissing">Passages that wait for the embedding model; null when none do.</param>
/// <param name="Note">What the document still lacks, for a person; null when nothing.</param>
/// <param name="Source">Null for what was uploaded.</param>
public sealed record DocumentView(
    Guid Id,
    string Path,
    string Title,
    string Author,
    string[] Tags,
    Guid CollectionId,
    string? SourceUrl,
    int? CurrentVersion,
    int LatestVersion,
    [property: OneOf(typeof(VersionState))] string State,
    Failure? Failure,
    string MediaType,
    long FileSize,
    int? PageCount,
    int PagesDone,
    int? ChunkCount,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? DeletedAt,
    int? VectorsMissing,
    string? Note,
    SourceView? Source
);

/// <summary>A row of <see cref="DocumentStore"/>.</summary>
internal sealed record DocumentRow
{
    public const string ColumnsSql = """
        d.document_id, d.path, d.title, d.author, d.tags, d.collection_id, d.source_url, d.current_version,
        d.latest_version, CASE WHEN s.state = 'fetching' THEN 'fetching' ELSE v.state END AS state, v.failure_code,
        v.failure_reason, v.media_type, v.file_size, v.page_count, v.pages_done, v.chunk_count, d.created_at, d.updated_at,
        d.deleted_at, nullif(v.vectors_missing, 0) AS vectors_missing, s.state AS source_state,
        s.failure_code AS source_failure_code, s.failure_reason AS source_failure_reason, s.checked_at
        """;

    public required Guid DocumentId { get; init; }
    public required string Path { get; init; }
    public required string Title { get; init; }
    public required string Author { get; init; }
    public required string[] Tags { get; init; }
    public required Guid CollectionId { get; init; }
    public string? SourceUrl { get; init; }
    public int? CurrentVersion { get; init; }
    public required int LatestVersion { get; init; }
    public required string State { get; init; }
    public string? FailureCode { get; init; }
    public string? FailureReason { get; init; }
    public required string MediaType { get; init; }
    public required long FileSize { get; init; }
    public int? PageCount { get; init; }
    public required int PagesDone { get; init; }
    public int? ChunkCount { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    public int? VectorsMissing { get; init; }
    public string? SourceState { get; init; }
    public string? SourceFailureCode { get; init; }
    public string? SourceFailureReason { get; init; }
    public DateTimeOffset? CheckedAt { get; init; }

    public DocumentView View =>
        new(
            DocumentId,
            Path,
            Title,
            Author,
            Tags,
            CollectionId,
            SourceUrl,
            CurrentVersion,
            LatestVersion,
            State,
            FailureCode is null ? null : new Failure(FailureCode, FailureReason ?? ""),
            MediaType,
            FileSize,
            PageCount,
            PagesDone,
            ChunkCount,
            CreatedAt,
            UpdatedAt,
            DeletedAt,
            VectorsMissing,
            VectorsMissing is null
                ? null
                : $"{VectorsMissing} passages wait for the embedding model. Until it has answered they are found by their words only.",
            SourceState is null
                ? null
                : new SourceView(
                    SourceUrl ?? "",
                    SourceState,
                    SourceFailureCode is null ? null : new Failure(SourceFailureCode, SourceFailureReason ?? ""),
                    CheckedAt
                )
        );
}
