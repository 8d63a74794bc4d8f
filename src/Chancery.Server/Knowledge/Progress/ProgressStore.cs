using System.Globalization;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Progress;

/// <summary>How far the latest version of a document has come.</summary>
internal sealed record ProgressRow
{
    public required int Version { get; init; }
    public required string State { get; init; }
    public int? PageCount { get; init; }
    public required int PagesDone { get; init; }

    /// <summary>When this run of reading began, and after how many pages.</summary>
    public DateTimeOffset? ReadSince { get; init; }

    public int ReadFrom { get; init; }
    public int? VectorsMissing { get; init; }
    public string? FailureCode { get; init; }
    public string? FailureReason { get; init; }

    /// <summary>Names this state of things: a watcher who has seen it comes back with it.</summary>
    public string EventId => string.Create(CultureInfo.InvariantCulture, $"{Version}.{State}.{PagesDone}.{PageCount}");

    public EventsEndpoint.ProgressEvent At(DateTimeOffset now) =>
        new(
            State,
            PagesDone,
            PageCount,
            EtaSeconds(now),
            FailureCode is null ? null : new Failure(FailureCode, FailureReason ?? ""),
            VectorsMissing
        );

    // At the speed of this run: what came before a restart or a retry says nothing about it.
    private int? EtaSeconds(DateTimeOffset now) =>
        State == VersionState.Reading && PagesDone > ReadFrom && PageCount is { } pages && ReadSince is { } since
            ? (int)Math.Ceiling((now - since).TotalSeconds / (PagesDone - ReadFrom) * Math.Max(0, pages - PagesDone))
            : null;
}

internal sealed class ProgressStore(TenantDatabase database)
{
    private const string ProgressSql = """
        SELECT v.version, CASE WHEN s.state = 'fetching' THEN 'fetching' ELSE v.state END AS state, v.page_count, v.pages_done,
               v.read_since, v.read_from, v.failure_code, v.failure_reason,
               nullif(v.vectors_missing, 0) AS vectors_missing
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        LEFT JOIN document_sources AS s ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id
        WHERE d.tenant_id = @tenant AND d.document_id = @documentId
        """;

    /// <summary>Null when there is no such document, or the reader may not read it.</summary>
    public async Task<ProgressRow?> FindAsync(
        TenantId tenant,
        Reader reader,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
        return await session.FindAsync<ProgressRow>(
            ProgressSql,
            new { tenant = tenant.Value, documentId },
            cancellationToken
        );
    }
}
