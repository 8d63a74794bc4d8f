using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Vectors;

/// <summary>The subject of a work item: all passages of a tenant that lack a vector of the model that there is.</summary>
internal sealed record VectorWork
{
    public const string Kind = "vectors";
}

/// <summary>Asks for the vectors that passages lack. Without an embedding model it does nothing. Safe for concurrent use.</summary>
internal sealed class VectorQueue(WorkQueue queue, TenantModels models)
{
    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    private const string MissingSql = """
        SELECT count(DISTINCT p.chunk_id)::int
        FROM chunk_places AS p
        WHERE p.tenant_id = @tenant AND p.document_id = @documentId AND p.version = @version AND NOT EXISTS (
          SELECT 1 FROM chunk_vectors AS v
          WHERE v.tenant_id = p.tenant_id AND v.model = @model AND v.chunk_id = p.chunk_id)
        """;

    /// <summary>
    /// How many passages of a version lack a vector; they are asked for. Null when none do, or none are wanted. To come
    /// early in the transaction: see <see cref="WorkQueue"/>.
    /// </summary>
    public async Task<int?> MissingAsync(TenantSession session, IngestionWork work, CancellationToken cancellationToken)
    {
        // Held: a change to another model is made before what is published, which is then counted by it, or after.
        var (model, _, isWanted) = await models.HoldAsync(session, cancellationToken);
        if (!isWanted || !await HasVectorsAsync(session, cancellationToken))
        {
            return null;
        }

        var missing = await session.FindAsync<int>(
            MissingSql,
            new
            {
                tenant = session.Tenant.Value,
                work.DocumentId,
                work.Version,
                model,
            },
            cancellationToken
        );
        if (missing == 0)
        {
            return null;
        }

        await queue.EnqueueAsync(session, VectorWork.Kind, new VectorWork(), cancellationToken);
        return missing;
    }

    /// <summary>False where none are wanted.</summary>
    public async Task<bool> EnqueueAsync(TenantSession session, CancellationToken cancellationToken)
    {
        if (!await IsWantedAsync(session, cancellationToken))
        {
            return false;
        }

        await queue.EnqueueAsync(session, VectorWork.Kind, new VectorWork(), cancellationToken);
        return true;
    }

    /// <summary>False without an embedding model, and where PostgreSQL has no pgvector.</summary>
    public async Task<bool> IsWantedAsync(TenantSession session, CancellationToken cancellationToken) =>
        (await models.OfAsync(session, cancellationToken)).IsWanted
        && await HasVectorsAsync(session, cancellationToken);

    private static Task<bool> HasVectorsAsync(TenantSession session, CancellationToken cancellationToken) =>
        session.FindAsync<bool>(HasVectorsSql, null, cancellationToken);
}
