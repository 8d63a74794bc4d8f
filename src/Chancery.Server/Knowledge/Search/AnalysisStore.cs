using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>The words that PostgreSQL keeps for passages, written again. Safe for concurrent use.</summary>
internal sealed class AnalysisStore(TenantDatabase database, TimeProvider time)
{
    // Documents in one order, so that two servers wait for each other instead of both; and before their chunks, as a change of
    // the title does, which writes the same words.
    private const string NextSql = """
        WITH old AS MATERIALIZED (
          SELECT chunk_id, document_id FROM chunks
          WHERE tenant_id = @tenant AND analysis < @analysis
          ORDER BY chunk_id
          LIMIT @most
        ), held AS MATERIALIZED (
          SELECT document_id, title FROM documents
          WHERE tenant_id = @tenant AND document_id IN (SELECT document_id FROM old)
          ORDER BY document_id
          FOR SHARE
        )
        SELECT c.chunk_id, c.document_id, c.heading, c.text, held.title
        FROM old
        JOIN held ON held.document_id = old.document_id
        JOIN chunks AS c ON c.tenant_id = @tenant AND c.chunk_id = old.chunk_id
        ORDER BY c.chunk_id
        LIMIT @most
        """;

    private const string WriteSql = """
        UPDATE chunks AS c SET tokens = n.tokens::tsvector || n.title_tokens::tsvector, analysis = @analysis
        FROM unnest(@ids, @tokens, @titleTokens) AS n(chunk_id, tokens, title_tokens)
        WHERE c.tenant_id = @tenant AND c.chunk_id = n.chunk_id
        """;

    /// <summary>Answers how many passages were written: none when none is left.</summary>
    public async Task<int> WriteAgainAsync(TenantId tenant, int most, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            NextSql,
            new
            {
                tenant = tenant.Value,
                analysis = TokenVector.Analysis,
                most,
            },
            cancellationToken
        );
        if (rows.Count == 0)
        {
            return 0;
        }

        var titles = rows.Select(row => row.Title)
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(title => title, TokenVector.OfTitle, StringComparer.Ordinal);
        await session.ExecuteAsync(
            WriteSql,
            new
            {
                tenant = tenant.Value,
                analysis = TokenVector.Analysis,
                ids = rows.Select(row => row.ChunkId).ToArray(),
                tokens = rows.Select(row => TokenVector.OfChunk(row.Heading, row.Text)).ToArray(),
                titleTokens = rows.Select(row => titles[row.Title]).ToArray(),
            },
            cancellationToken
        );
        await RevisionLog.RecordManyAsync(
            session,
            ChangeKind.Analysis,
            [.. rows.Select(row => row.DocumentId).Distinct().Order()],
            time.GetUtcNow(),
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return rows.Count;
    }

    private sealed record Row(Guid ChunkId, Guid DocumentId, string Heading, string Text, string Title);
}
