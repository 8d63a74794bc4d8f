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
    public DateTimeOffset? StartedAt { get; init; }
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
            FailureCode is null ? null : new Failure(FailureCode, FailureReason ?? "")
        );

    private int? EtaSeconds(DateTimeOffset now) =>
        State == VersionState.Reading && PagesDone > 0 && PageCount is { } pages && StartedAt is { } started
            ? (int)Math.Ceiling((now - started).TotalSeconds / PagesDone * Math.Max(0, pages - PagesDone))
            : null;
}

internal sealed class ProgressStore(TenantDatabase database)
{
    private const string ProgressSql = """
        SELECT v.version, v.state, v.page_count, v.pages_done, v.started_at, v.failure_code, v.failure_reason
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        WHERE d.tenant_id = @tenant AND d.document_id = @documentId
        """;

    /// <summary>Null when the tenant has no such document.</summary>
    public async Task<ProgressRow?> FindAsync(TenantId tenant, Guid documentId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<ProgressRow>(
            ProgressSql,
            new { tenant = tenant.Value, documentId },
            cancellationToken
        );
    }
}
