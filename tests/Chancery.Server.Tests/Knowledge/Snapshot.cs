using Dapper;
using Npgsql;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>All rows that ingestion leaves behind for a document, without ids and times.</summary>
internal static class Snapshot
{
    private const string RowsSql = """
        SELECT 'version ' || concat_ws('|', version, state, page_count, pages_done, chunk_count, failure_code) AS row
        FROM document_versions WHERE document_id = @id
        UNION ALL
        SELECT 'document ' || concat_ws('|', current_version, latest_version, title, author)
        FROM documents WHERE document_id = @id
        UNION ALL
        SELECT 'page ' || concat_ws('|', version, page, text_sha256, text, width, height, words, blocks)
        FROM pages WHERE document_id = @id
        UNION ALL
        SELECT 'chunk ' || concat_ws('|', hash, occurrence, heading, text, token_count, current, tokens::text)
        FROM chunks WHERE document_id = @id
        UNION ALL
        SELECT 'place ' || concat_ws('|', p.version, p.ordinal, c.hash, c.occurrence, p.page, p.start_char, p.end_char)
        FROM chunk_places AS p JOIN chunks AS c USING (tenant_id, chunk_id) WHERE p.document_id = @id
        UNION ALL
        SELECT 'vector ' || concat_ws('|', v.model, c.hash, c.occurrence, v.embedding::text)
        FROM chunk_vectors AS v JOIN chunks AS c USING (tenant_id, chunk_id) WHERE c.document_id = @id
        UNION ALL
        SELECT 'change ' || concat_ws('|', kind, cardinality(added), cardinality(removed))
        FROM knowledge_changes WHERE document_id = @id
        """;

    public static async Task<string[]> OfAsync(NpgsqlDataSource owner, Guid documentId)
    {
        await using var connection = await owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var rows = await connection.QueryAsync<string>(RowsSql, new { id = documentId });
        return [.. rows.Order(StringComparer.Ordinal)];
    }
}
