using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Vectors;

/// <summary>A passage that search sees and that has no vector yet.</summary>
internal sealed record BlindPassage(Guid ChunkId, Guid DocumentId, string Heading, string Text)
{
    public string TextToEmbed => new UnembeddedChunk(ChunkId, Heading, Text).TextToEmbed;
}

/// <summary>Vectors that are added to passages which search sees already. Safe for concurrent use.</summary>
internal sealed class VectorStore(TenantDatabase database, VectorQueue queue, TenantModels models, TimeProvider time)
{
    private const string WithoutVectorSql = """
        NOT EXISTS (
            SELECT 1 FROM chunk_vectors AS e
            WHERE e.tenant_id = c.tenant_id AND e.model = @model AND e.chunk_id = c.chunk_id)

        """;

    private const string NextSql =
        """
            SELECT c.chunk_id, c.document_id, c.heading, c.text
            FROM chunks AS c
            WHERE c.tenant_id = @tenant AND c.current AND (@after::uuid IS NULL OR c.chunk_id > @after) AND

            """
        + WithoutVectorSql
        + """
            ORDER BY c.chunk_id
            LIMIT @most
            """;

    /// <summary>Whether a passage has none; to be ended by further conditions and a parenthesis.</summary>
    internal const string LackingSql =
        "SELECT EXISTS (SELECT 1 FROM chunks AS c WHERE c.tenant_id = @tenant AND c.current AND " + WithoutVectorSql;

    private const string AnySql = LackingSql + ")";

    // Of the documents given, or of all; a row is written only where the figure is another.
    internal const string CountSql =
        """
            UPDATE document_versions AS v SET vectors_missing = counted.missing
            FROM (
              SELECT d.document_id, d.current_version, nullif(count(c.chunk_id), 0)::int AS missing
              FROM documents AS d
              LEFT JOIN chunks AS c ON c.tenant_id = d.tenant_id AND c.document_id = d.document_id AND c.current AND

            """
        + WithoutVectorSql
        + """
              WHERE d.tenant_id = @tenant AND (@documents::uuid[] IS NULL OR d.document_id = ANY (@documents))
              GROUP BY d.document_id, d.current_version) AS counted
            WHERE v.tenant_id = @tenant AND v.document_id = counted.document_id AND v.version = counted.current_version
              AND v.vectors_missing IS DISTINCT FROM counted.missing
            """;

    private const string ForgetSql = """
        UPDATE document_versions SET vectors_missing = NULL
        WHERE tenant_id = @tenant AND vectors_missing IS NOT NULL
        """;

    /// <summary>The next passages after <paramref name="after"/>, by id.</summary>
    public async Task<IReadOnlyList<BlindPassage>> NextAsync(
        TenantId tenant,
        string model,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        return await session.QueryAsync<BlindPassage>(
            NextSql,
            new
            {
                tenant = tenant.Value,
                model,
                after,
                most,
            },
            cancellationToken
        );
    }

    /// <exception cref="WorkPostponedException">The tenant is searched with another model since.</exception>
    public async Task AddAsync(
        WorkItem item,
        string model,
        IReadOnlyList<BlindPassage> passages,
        string[] vectors,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        if ((await models.HoldAsync(session, cancellationToken)).Name != model)
        {
            throw new WorkPostponedException(TimeSpan.Zero);
        }

        var documents = passages.Select(passage => passage.DocumentId).Distinct().Order().ToArray();
        var arguments = new
        {
            tenant = item.Tenant.Value,
            model,
            ids = passages.Select(passage => passage.ChunkId).ToArray(),
            vectors,
            documents,
        };
        await session.ExecuteAsync(IngestionStore.InsertVectorsSql, arguments, cancellationToken);
        await session.ExecuteAsync(CountSql, arguments, cancellationToken);
        await RevisionLog.RecordManyAsync(
            session,
            ChangeKind.Vectors,
            documents,
            added: [.. passages.Select(passage => new DocumentChunk(passage.DocumentId, passage.ChunkId))],
            removed: [],
            time.GetUtcNow(),
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Brings what documents say of themselves up to date, and asks for what is missing.</summary>
    /// <returns>Whether anything is.</returns>
    public async Task<bool> CheckAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var arguments = new
        {
            tenant = tenant.Value,
            model = (await models.OfAsync(session, cancellationToken)).Name,
            documents = (Guid[]?)null,
        };
        var isMissing = false;
        if (await queue.IsWantedAsync(session, cancellationToken))
        {
            isMissing = await session.FindAsync<bool>(AnySql, arguments, cancellationToken);
            if (isMissing)
            {
                await queue.EnqueueAsync(session, cancellationToken);
            }

            await session.ExecuteAsync(CountSql, arguments, cancellationToken);
        }
        else
        {
            await session.ExecuteAsync(ForgetSql, arguments, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return isMissing;
    }
}
