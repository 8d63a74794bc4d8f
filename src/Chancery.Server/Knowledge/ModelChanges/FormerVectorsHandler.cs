using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>
/// Removes vectors that changes left behind: those of a change that was taken back or failed, and those of a former model once they
/// were kept for long enough. Never those that serve, are being made, or came by another way, such as an import.
/// </summary>
internal sealed class FormerVectorsHandler(
    TenantDatabase database,
    IEnumerable<INearestPassages> nearest,
    IEnumerable<IFormerVectors> others,
    TimeProvider time,
    ILogger<FormerVectorsHandler> logger
) : IWorkHandler
{
    private const int BatchVectors = 2000;

    private const string LeftSql = """
        WITH ends AS (
          SELECT CASE WHEN state IN ('cancelled', 'failed') THEN to_model ELSE from_model END AS model, kept_until
          FROM model_changes
          WHERE tenant_id = @tenant AND removed_at IS NULL AND state <> 'running'
            AND (state IN ('cancelled', 'failed') OR kept_until <= @now))
        SELECT DISTINCT e.model
        FROM ends AS e
        WHERE NOT EXISTS (SELECT 1 FROM tenant_models AS t WHERE t.tenant_id = @tenant AND t.serving = e.model)
          AND NOT EXISTS (
            SELECT 1 FROM model_changes AS c
            WHERE c.tenant_id = @tenant
              AND ((c.state = 'running' AND e.model IN (c.to_model, c.from_model))
                OR (c.state IN ('done', 'forced') AND c.from_model = e.model AND c.kept_until > @now)))
        ORDER BY e.model
        """;

    private const string DimensionsSql = """
        SELECT vector_dims(embedding) FROM chunk_vectors
        WHERE tenant_id = @tenant AND model = @model
        ORDER BY chunk_id
        LIMIT 1
        """;

    private const string RemoveSql = """
        DELETE FROM chunk_vectors
        WHERE tenant_id = @tenant AND model = @model AND chunk_id IN (
          SELECT chunk_id FROM chunk_vectors WHERE tenant_id = @tenant AND model = @model ORDER BY chunk_id LIMIT @most)
        """;

    private const string RemovedSql = """
        UPDATE model_changes SET removed_at = @now
        WHERE tenant_id = @tenant AND removed_at IS NULL
          AND ((state IN ('cancelled', 'failed') AND to_model = @model)
            OR (state IN ('done', 'forced') AND from_model = @model AND kept_until <= @now))
        """;

    public string Kind => FormerVectorsWork.Kind;

    public bool Waits => true;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        foreach (var model in await LeftAsync(item.Tenant, cancellationToken))
        {
            var dimensions = await DimensionsAsync(item.Tenant, model, cancellationToken);
            var removed = 0;
            int last;
            do
            {
                last = await RemoveAsync(item, model, cancellationToken);
                removed += last;
            } while (last == BatchVectors);

            foreach (var place in nearest)
            {
                await place.ForgetAsync(item.Tenant, model, dimensions);
            }

            Log.FormerVectorsRemoved(logger, removed, model, item.Tenant.Value);
        }
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken) =>
        // The next hour's check asks again.
        Task.CompletedTask;

    private async Task<IReadOnlyList<string>> LeftAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<string>(
            LeftSql,
            new { tenant = tenant.Value, now = time.GetUtcNow() },
            cancellationToken
        );
    }

    /// <summary>0 where there are none.</summary>
    private async Task<int> DimensionsAsync(TenantId tenant, string model, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<int>(DimensionsSql, new { tenant = tenant.Value, model }, cancellationToken);
    }

    private async Task<int> RemoveAsync(WorkItem item, string model, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        var arguments = new
        {
            tenant = item.Tenant.Value,
            model,
            most = BatchVectors,
            now = time.GetUtcNow(),
        };
        var removed = await session.ExecuteAsync(RemoveSql, arguments, cancellationToken);
        foreach (var other in others)
        {
            if (removed < BatchVectors)
            {
                removed += await other.RemoveAsync(session, model, BatchVectors - removed, cancellationToken);
            }
        }

        if (removed < BatchVectors)
        {
            await session.ExecuteAsync(RemovedSql, arguments, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return removed;
    }
}
