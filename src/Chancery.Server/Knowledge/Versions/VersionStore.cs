using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Knowledge.Versions;

/// <summary>A version as the API shows it.</summary>
/// <param name="State">stored, fetching, queued, reading, cutting, embedding, ready or failed.</param>
/// <param name="FileSize">Bytes.</param>
/// <param name="Sha256">Of the file, in hexadecimal; null until it was fetched.</param>
/// <param name="CurrentFrom">Since when search and answers used it, until a newer one took its place; null for never.</param>
public sealed record VersionView(
    int Version,
    [property: OneOf(typeof(VersionState))] string State,
    Failure? Failure,
    string MediaType,
    string FileName,
    long FileSize,
    string? Sha256,
    int? PageCount,
    int? ChunkCount,
    Guid UploadedBy,
    DateTimeOffset UploadedAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? CurrentFrom
);

/// <param name="Pages">How many pages the version has so far.</param>
/// <param name="Width">Points; 0 where the format has no pages.</param>
/// <param name="Height">Points; 0 where the format has no pages.</param>
/// <param name="Label">What people call the page: "Slide 3", "Sheet Costs"; null where its number says it.</param>
/// <param name="Recognised">Whether the text was recognised in an image (OCR), which mistakes letters.</param>
/// <param name="Blocks">What the text consists of, in reading order.</param>
public sealed record PageView(
    int Page,
    int Pages,
    string Text,
    float Width,
    float Height,
    string? Label,
    bool Recognised,
    IReadOnlyList<BlockView> Blocks
);

/// <param name="Kind">heading, paragraph, table, list_item, code, note, furniture or caption.</param>
/// <param name="Start">First character in the page's text. A table has a line for each row, with tabs between its cells.</param>
/// <param name="Level">1 to 6 for a heading, nesting depth from 1 for a list item, else 0.</param>
/// <param name="Row">Of a table, the number of its first line's row, from 1; of a text, of its first line in the file; else 0.</param>
/// <param name="Place">
/// Where it stands, for a person: "Paragraph 14", "Table 2", "A1:D20", "Line" (which is <paramref name="Row"/>); null where the
/// format has paper.
/// </param>
public sealed record BlockView(string Kind, int Start, int Length, int Level, int Row, string? Place)
{
    internal static BlockView Of(TextBlock block) =>
        new(
            block.Kind is BlockKind.ListItem ? "list_item" : block.Kind.ToString().ToLowerInvariant(),
            block.Start,
            block.Length,
            block.Level,
            block.Row,
            block.Place
        );
}

/// <summary>Where a version's file is, and what it is called.</summary>
internal sealed record VersionFile(byte[] BlobSha256, string MediaType, string FileName, DateTimeOffset UploadedAt);

/// <summary>All versions of a document, and what was read from them. Safe for concurrent use.</summary>
internal sealed class VersionStore(TenantDatabase database)
{
    private const string SelectSql = """
        SELECT version, state, failure_code, failure_reason, media_type, file_name, file_size, blob_sha256, page_count,
               chunk_count, uploaded_by, uploaded_at, finished_at, current_from
        FROM document_versions
        WHERE tenant_id = @tenant AND document_id = @documentId

        """;

    private const string ListSql =
        SelectSql
        + """
            AND (@before::int IS NULL OR version < @before)
            ORDER BY version DESC
            LIMIT @limit
            """;

    private const string CurrentSql =
        SelectSql
        + """
            AND current_from <= @asOf
            ORDER BY current_from DESC, version DESC
            LIMIT 1
            """;

    private const string FileSql = """
        SELECT blob_sha256, media_type, file_name, uploaded_at
        FROM document_versions
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND blob_sha256 IS NOT NULL
        """;

    private const string PageSql = """
        SELECT p.page, v.pages_done AS pages, p.text, p.width, p.height, p.label, p.recognised, p.blocks::text AS blocks
        FROM pages AS p
        JOIN document_versions AS v
          ON v.tenant_id = p.tenant_id AND v.document_id = p.document_id AND v.version = p.version
        WHERE p.tenant_id = @tenant AND p.document_id = @documentId AND p.version = @version AND p.page = @page
        """;

    /// <summary>
    /// Newest first, one more than <paramref name="limit"/> when there is a next page; empty when the tenant has no such
    /// document.
    /// </summary>
    /// <param name="before">The last of the page before; null for the first page.</param>
    public async Task<IReadOnlyList<VersionView>> ListAsync(
        Principal principal,
        Guid documentId,
        int? before,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<VersionRow>(
            ListSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                before,
                limit = limit + 1,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.View)];
    }

    /// <summary>The version that search and answers used at that time; null when there was none.</summary>
    public async Task<VersionView?> CurrentAsync(
        Principal principal,
        Guid documentId,
        DateTimeOffset asOf,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<VersionRow>(
            CurrentSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                asOf = asOf.ToUniversalTime(),
            },
            cancellationToken
        );
        return row?.View;
    }

    /// <summary>Null when the tenant has no such version.</summary>
    public async Task<VersionFile?> FileAsync(
        Principal principal,
        Guid documentId,
        int version,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<FileRow>(
            FileSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                version,
            },
            cancellationToken
        );
        return row is null ? null : new VersionFile(row.BlobSha256, row.MediaType, row.FileName, row.UploadedAt);
    }

    /// <summary>Null when the tenant has no such page, or it is not read yet.</summary>
    public async Task<PageView?> PageAsync(
        Principal principal,
        Guid documentId,
        int version,
        int page,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<PageRow>(
            PageSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                version,
                page,
            },
            cancellationToken
        );
        return row?.View;
    }

    private sealed record PageRow(
        int Page,
        int Pages,
        string Text,
        float Width,
        float Height,
        string Label,
        bool Recognised,
        string Blocks
    )
    {
        public PageView View =>
            new(
                Page,
                Pages,
                Text,
                Width,
                Height,
                Label.Length == 0 ? null : Label,
                Recognised,
                [.. StoredBlocks.Read(Blocks).Select(BlockView.Of)]
            );
    }

    private sealed record FileRow
    {
        public required byte[] BlobSha256 { get; init; }
        public required string MediaType { get; init; }
        public required string FileName { get; init; }
        public required DateTimeOffset UploadedAt { get; init; }
    }

    private sealed record VersionRow
    {
        public required int Version { get; init; }
        public required string State { get; init; }
        public string? FailureCode { get; init; }
        public string? FailureReason { get; init; }
        public required string MediaType { get; init; }
        public required string FileName { get; init; }
        public required long FileSize { get; init; }
        public byte[]? BlobSha256 { get; init; }
        public int? PageCount { get; init; }
        public int? ChunkCount { get; init; }
        public required Guid UploadedBy { get; init; }
        public required DateTimeOffset UploadedAt { get; init; }
        public DateTimeOffset? FinishedAt { get; init; }
        public DateTimeOffset? CurrentFrom { get; init; }

        public VersionView View =>
            new(
                Version,
                State,
                FailureCode is null ? null : new Failure(FailureCode, FailureReason ?? ""),
                MediaType,
                FileName,
                FileSize,
                BlobSha256 is null ? null : Convert.ToHexStringLower(BlobSha256),
                PageCount,
                ChunkCount,
                UploadedBy,
                UploadedAt,
                FinishedAt,
                CurrentFrom
            );
    }
}
