using Chancery.Server.Platform.Engines;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Bench;

/// <summary>How one document ended.</summary>
/// <param name="Chunks">Of all passages with their places: alike only when every one of them is.</param>
internal sealed record DocumentEnd(
    string Tenant,
    string Path,
    string State,
    string Failure,
    int Versions,
    int Published,
    int Pages,
    int ChunkCount,
    string Chunks,
    DateTime UploadedAt,
    DateTime? StartedAt,
    DateTime? FinishedAt
)
{
    public string Key => $"{Tenant}/{Path}";

    public double WaitSeconds => ((FinishedAt ?? DateTime.MaxValue) - UploadedAt).TotalSeconds;
}

/// <summary>Looks into the database that a run left behind, with the product's own engines.</summary>
internal static class CrowdOutcome
{
    private const string EndsSql = """
        SELECT t.name AS tenant, d.path, v.state, coalesce(v.failure_code, '') AS failure,
               (SELECT count(*)::int FROM document_versions AS n WHERE n.document_id = d.document_id) AS versions,
               (SELECT count(*)::int FROM knowledge_changes AS k
                WHERE k.document_id = d.document_id AND k.kind = 'version') AS published,
               coalesce(v.page_count, 0) AS pages, coalesce(v.chunk_count, 0) AS chunk_count,
               coalesce((
                 SELECT md5(string_agg(concat_ws('|', p.ordinal, encode(c.hash, 'hex'), c.occurrence, c.current, p.page,
                                                 p.start_char, p.end_char), ',' ORDER BY p.ordinal))
                 FROM chunk_places AS p JOIN chunks AS c USING (tenant_id, chunk_id)
                 WHERE p.document_id = d.document_id AND p.version = v.version), '')
                 || (SELECT ' ' || count(*) FROM chunks AS c WHERE c.document_id = d.document_id) AS chunks,
               v.uploaded_at, v.started_at, v.finished_at
        FROM documents AS d
        JOIN tenants AS t ON t.tenant_id = d.tenant_id
        JOIN document_versions AS v ON v.document_id = d.document_id AND v.version = d.latest_version
        ORDER BY t.name, d.path, d.document_id
        """;

    private const string OpenWorkSql = "SELECT count(*) FROM work_items WHERE state IN ('queued', 'running')";

    public static async Task<(IReadOnlyList<DocumentEnd> Ends, long OpenWork)> ReadAsync(string dataDirectory)
    {
        await using var engines = await PrivateEngines.StartAsync(
            new EngineOptions(dataDirectory),
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
        await using var source = NpgsqlDataSource.Create(engines.OwnerConnectionString!);
        await using var connection = await source.OpenConnectionAsync();
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        var ends = await connection.QueryAsync<DocumentEnd>(EndsSql);
        return (ends.AsList(), await connection.ExecuteScalarAsync<long>(OpenWorkSql));
    }
}
