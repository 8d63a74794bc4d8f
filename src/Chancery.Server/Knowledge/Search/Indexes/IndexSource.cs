using Chancery.Search.Engine;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>How large a tenant is, before anything of it is read.</summary>
/// <param name="Dimensions">Of the vectors that the model made for it; 0 where there are none.</param>
/// <param name="HasVectors">Whether this PostgreSQL can hold vectors.</param>
internal readonly record struct TenantSize(long Passages, int Dimensions, bool HasVectors);

/// <summary>A passage as search sees it now.</summary>
internal sealed record SourcePassage
{
    public required Guid ChunkId { get; init; }
    public required Guid DocumentId { get; init; }
    public required int Ordinal { get; init; }
    public required string Heading { get; init; }
    public required string Text { get; init; }
    public required string Title { get; init; }
    public required Guid CollectionId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string[] Tags { get; init; }

    /// <summary>The access list of its own; null where its collection decides.</summary>
    public Guid? ListId { get; init; }

    /// <summary>Null where the model has not made one yet.</summary>
    public float[]? Vector { get; init; }

    /// <summary>
    /// By what a reader finds a document: its own list, or its collection, whose list can then change without a word to the index.
    /// </summary>
    public static Guid MarkOf(Guid? list, Guid collection) => list ?? collection;

    /// <summary>As the engine takes them; passages of one document share what filters look at.</summary>
    /// <param name="usable">The vector, or none where it cannot be used.</param>
    public static IndexedPassage[] ToIndexed(
        IReadOnlyList<SourcePassage> passages,
        Func<float[]?, ReadOnlyMemory<float>> usable
    )
    {
        var documents = new Dictionary<Guid, IndexedDocument>();
        return
        [
            .. passages.Select(passage => new IndexedPassage(
                passage.ChunkId,
                DocumentOf(passage),
                passage.Ordinal,
                passage.Text
            )
            {
                Title = passage.Title,
                Heading = passage.Heading,
                Vector = usable(passage.Vector),
            }),
        ];

        IndexedDocument DocumentOf(SourcePassage passage)
        {
            if (!documents.TryGetValue(passage.DocumentId, out var document))
            {
                document = new IndexedDocument(passage.DocumentId)
                {
                    CollectionId = passage.CollectionId,
                    Date = passage.CreatedAt,
                    Tags = passage.Tags,
                    Readers = [MarkOf(passage.ListId, passage.CollectionId)],
                };
                documents.Add(passage.DocumentId, document);
            }

            return document;
        }
    }
}

internal sealed record SourceVector(Guid ChunkId, float[] Vector);

internal sealed record SourceDocument
{
    public required Guid DocumentId { get; init; }
    public required Guid CollectionId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string[] Tags { get; init; }
    public Guid? ListId { get; init; }
}

/// <summary>One entry of the change log.</summary>
/// <param name="Chunks">Those that got a vector, for that kind; empty where the log does not tell.</param>
/// <param name="Passages">Of the document's current version.</param>
internal sealed record SourceChange(
    long Revision,
    Guid Token,
    string Kind,
    Guid DocumentId,
    Guid[] Chunks,
    int Passages
);

/// <summary>Where the tenant stands beside an index.</summary>
/// <param name="Newest">The tenant's revision.</param>
/// <param name="IsKnown">
/// Whether the index's own revision is part of the tenant's history, and all that came after it is in the log.
/// </param>
/// <param name="Changes">The next ones, in order.</param>
/// <param name="Serving">The embedding model that the tenant is searched with; null where that is not settled.</param>
internal sealed record SourceState(
    IndexRevision Newest,
    bool IsKnown,
    IReadOnlyList<SourceChange> Changes,
    string? Serving = null
);

/// <summary>
/// Reads what an index is made of. What it reads may be newer than the revision that was asked for, never older: whoever applies
/// it goes on to follow the log, and comes to the same end. Safe for concurrent use.
/// </summary>
internal sealed class IndexSource(TenantDatabase database)
{
    // The only statement of a query whose index is up to date. Revision 0 has no entry: it is known while entry 1 is there.
    private const string StateSql = """
        SELECT r.revision AS newest, r.token AS newest_token, m.serving,
               EXISTS (
                 SELECT FROM knowledge_changes AS own
                 WHERE own.tenant_id = r.tenant_id AND own.revision = @number AND own.token = @token) AS is_known,
               n.revision, n.token, n.kind, n.document_id, n.chunks, n.passages
        FROM knowledge_revisions AS r
        LEFT JOIN tenant_models AS m ON m.tenant_id = r.tenant_id
        LEFT JOIN LATERAL (
          SELECT c.revision, c.token, c.kind, c.document_id,
                 CASE WHEN c.kind = 'vectors' THEN c.added ELSE '{}' END AS chunks,
                 coalesce(v.chunk_count, 0) AS passages
          FROM knowledge_changes AS c
          LEFT JOIN documents AS d ON d.tenant_id = c.tenant_id AND d.document_id = c.document_id
          LEFT JOIN document_versions AS v
            ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.current_version
          WHERE c.tenant_id = r.tenant_id AND c.revision > @number
          ORDER BY c.revision
          LIMIT @most) AS n ON true
        WHERE r.tenant_id = @tenant
        ORDER BY n.revision
        LIMIT @most
        """;

    private const string SizeSql = """
        SELECT coalesce(sum(v.chunk_count), 0)::bigint
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.current_version
        WHERE d.tenant_id = @tenant AND d.deleted_at IS NULL
        """;

    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    private const string DimensionsSql = """
        SELECT vector_dims(embedding) FROM chunk_vectors
        WHERE tenant_id = @tenant AND model = @model
        ORDER BY chunk_id
        LIMIT 1
        """;

    private const string PassageColumnsSql = """
        SELECT c.chunk_id, c.document_id, p.ordinal, c.heading, c.text, d.title, d.collection_id, d.created_at, d.tags,
               d.list_id

        """;

    private const string VectorColumnSql = ", e.embedding::real[] AS vector\n";

    private const string PlacesSql = """
        JOIN documents AS d ON d.tenant_id = @tenant AND d.document_id = c.document_id
        JOIN chunk_places AS p
          ON p.tenant_id = @tenant AND p.chunk_id = c.chunk_id AND p.version = d.current_version

        """;

    private const string VectorsSql = """
        LEFT JOIN chunk_vectors AS e ON e.tenant_id = @tenant AND e.model = @model AND e.chunk_id = c.chunk_id

        """;

    private const string PageSql = """
        WITH page AS MATERIALIZED (
          SELECT chunk_id, document_id, heading, text
          FROM chunks
          WHERE tenant_id = @tenant AND current AND (@after::uuid IS NULL OR chunk_id > @after)
          ORDER BY chunk_id
          LIMIT @most)

        """;

    private const string OfPageSql = "FROM page AS c\n";

    private const string OfDocumentsSql = """
        FROM (
          SELECT chunk_id, document_id, heading, text
          FROM chunks
          WHERE tenant_id = @tenant AND document_id = ANY (@documents) AND current) AS c

        """;

    private const string InOrderSql = "ORDER BY c.chunk_id";

    private const string PassagesSql = PageSql + PassageColumnsSql + OfPageSql + PlacesSql + InOrderSql;

    private const string PassagesAndVectorsSql =
        PageSql + PassageColumnsSql + VectorColumnSql + OfPageSql + PlacesSql + VectorsSql + InOrderSql;

    private const string PassagesOfSql = PassageColumnsSql + OfDocumentsSql + PlacesSql + InOrderSql;

    private const string PassagesAndVectorsOfSql =
        PassageColumnsSql + VectorColumnSql + OfDocumentsSql + PlacesSql + VectorsSql + InOrderSql;

    private const string DocumentsSql = """
        SELECT document_id, collection_id, created_at, tags, list_id
        FROM documents
        WHERE tenant_id = @tenant AND document_id = ANY (@documents)
        ORDER BY document_id
        """;

    private const string NewVectorsSql = """
        SELECT e.chunk_id, e.embedding::real[] AS vector
        FROM chunk_vectors AS e
        WHERE e.tenant_id = @tenant AND e.model = @model AND e.chunk_id = ANY (@chunks)
        ORDER BY e.chunk_id
        """;

    private const string VectorsOfSql = """
        SELECT e.chunk_id, e.embedding::real[] AS vector
        FROM chunks AS c
        JOIN chunk_vectors AS e ON e.tenant_id = c.tenant_id AND e.model = @model AND e.chunk_id = c.chunk_id
        WHERE c.tenant_id = @tenant AND c.document_id = ANY (@documents) AND c.current
        ORDER BY e.chunk_id
        """;

    /// <summary>How far an index of <paramref name="own"/> is behind.</summary>
    public async Task<SourceState> StateAsync(
        TenantId tenant,
        IndexRevision own,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await StateAsync(session, own, most, cancellationToken);
    }

    /// <summary>Of what search sees of the tenant.</summary>
    public async Task<TenantSize> SizeAsync(TenantId tenant, string? model, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var arguments = new { tenant = tenant.Value, model };
        var passages = await session.FindAsync<long>(SizeSql, arguments, cancellationToken);
        var hasVectors = await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken);
        var dimensions =
            hasVectors && model is not null
                ? await session.FindAsync<int?>(DimensionsSql, arguments, cancellationToken)
                : null;
        return new TenantSize(passages, dimensions ?? 0, hasVectors);
    }

    /// <summary>The passages after <paramref name="after"/>, by id; fewer than asked for at the end only.</summary>
    /// <param name="model">Whose vectors; null for none.</param>
    public async Task<IReadOnlyList<SourcePassage>> PageAsync(
        TenantId tenant,
        string? model,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        return await session.QueryAsync<SourcePassage>(
            model is null ? PassagesSql : PassagesAndVectorsSql,
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

    /// <summary>The next changes of an index, and what the changed documents are like now.</summary>
    public async Task<(SourceState State, SourceDelta Delta)> DeltaAsync(
        TenantId tenant,
        string? model,
        IndexRevision own,
        int mostChanges,
        int mostPassages,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var state = await StateAsync(session, own, mostChanges, cancellationToken);
        if (!state.IsKnown || state.Changes.Count == 0)
        {
            return (state, SourceDelta.None(state.Newest));
        }

        var plan = DeltaPlan.Of(state.Changes, mostPassages);
        var arguments = new
        {
            tenant = tenant.Value,
            model,
            documents = plan.Rewritten,
        };
        var passages =
            plan.Rewritten.Length == 0
                ? []
                : await session.QueryAsync<SourcePassage>(
                    model is null ? PassagesOfSql : PassagesAndVectorsOfSql,
                    arguments,
                    cancellationToken
                );
        var documents =
            plan.Described.Length == 0
                ? []
                : await session.QueryAsync<SourceDocument>(
                    DocumentsSql,
                    new { arguments.tenant, documents = plan.Described },
                    cancellationToken
                );
        var vectors = new List<SourceVector>();
        if (model is not null && plan.Embedded.Length > 0)
        {
            vectors.AddRange(
                await session.QueryAsync<SourceVector>(
                    NewVectorsSql,
                    new
                    {
                        arguments.tenant,
                        model,
                        chunks = plan.Embedded,
                    },
                    cancellationToken
                )
            );
        }

        if (model is not null && plan.EmbeddedDocuments.Length > 0)
        {
            vectors.AddRange(
                await session.QueryAsync<SourceVector>(
                    VectorsOfSql,
                    new
                    {
                        arguments.tenant,
                        model,
                        documents = plan.EmbeddedDocuments,
                    },
                    cancellationToken
                )
            );
        }

        return (state, new SourceDelta(plan.Revision, plan.Rewritten, passages, documents, vectors));
    }

    private static async Task<SourceState> StateAsync(
        TenantSession session,
        IndexRevision own,
        int most,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<StateRow>(
            StateSql,
            new
            {
                tenant = session.Tenant.Value,
                number = own.Number,
                token = own.Token,
                most,
            },
            cancellationToken
        );
        if (rows.Count == 0)
        {
            throw new InvalidOperationException($"Tenant {session.Tenant} has no row in knowledge_revisions.");
        }

        var newest = new IndexRevision(rows[0].Newest, rows[0].NewestToken);
        var changes = rows.Where(row => row.Revision is not null)
            .Select(row => new SourceChange(
                row.Revision!.Value,
                row.Token!.Value,
                row.Kind!,
                row.DocumentId!.Value,
                row.Chunks!,
                row.Passages
            ))
            .ToArray();
        var isWhole = changes.Length > 0 ? changes[0].Revision == own.Number + 1 : newest.Number == own.Number;
        return new SourceState(newest, isWhole && (rows[0].IsKnown || own.Number == 0), changes, rows[0].Serving);
    }

    private sealed record StateRow
    {
        public long Newest { get; init; }
        public Guid NewestToken { get; init; }
        public string? Serving { get; init; }
        public bool IsKnown { get; init; }
        public long? Revision { get; init; }
        public Guid? Token { get; init; }
        public string? Kind { get; init; }
        public Guid? DocumentId { get; init; }
        public Guid[]? Chunks { get; init; }
        public int Passages { get; init; }
    }
}
