using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>
/// The rows of a change while it runs: vectors beside those that serve, how far it has come, and the moment from which they serve.
/// Each write holds the lease of the change's work. Safe for concurrent use.
/// </summary>
internal sealed class ModelChangeStore(TenantDatabase database, TenantModels models, TimeProvider time)
{
    internal const string ColumnsSql = """
        change_id, from_model, to_model, state, started_by, started_at, ended_at, passages, done, refused, run_since, run_from,
        progress_at, waiting, waiting_since, failure, kept_until, removed_at

        """;

    private const string FindSql =
        "SELECT " + ColumnsSql + "FROM model_changes WHERE tenant_id = @tenant AND change_id = @id";

    internal const string CountSql = """
        SELECT count(*)::int AS passages, count(e.chunk_id)::int AS done,
               coalesce(sum(c.token_count) FILTER (WHERE e.chunk_id IS NULL), 0)::bigint AS tokens
        FROM chunks AS c
        LEFT JOIN chunk_vectors AS e ON e.tenant_id = c.tenant_id AND e.model = @model AND e.chunk_id = c.chunk_id
        WHERE c.tenant_id = @tenant AND c.current
        """;

    private const string BeginSql = """
        UPDATE model_changes
        SET passages = @passages, done = @done, run_from = @done, run_since = @now, progress_at = NULL, refused = 0,
            waiting = NULL, waiting_since = NULL
        WHERE tenant_id = @tenant AND change_id = @id AND state = 'running'
        """;

    private const string ProgressSql = """
        UPDATE model_changes
        SET done = done + @added, progress_at = @now, refused = @refused, waiting = NULL, waiting_since = NULL
        WHERE tenant_id = @tenant AND change_id = @id AND state = 'running'
        """;

    private const string WaitSql = """
        UPDATE model_changes SET waiting = @why, waiting_since = coalesce(waiting_since, @now)
        WHERE tenant_id = @tenant AND change_id = @id AND state = 'running'
        """;

    private const string LockSql = "SELECT serving FROM tenant_models WHERE tenant_id = @tenant FOR UPDATE";

    private const string LackingSql = VectorStore.LackingSql + " AND NOT (c.chunk_id = ANY (@refused)))";

    private const string ServeSql = "UPDATE tenant_models SET serving = @model WHERE tenant_id = @tenant";

    private const string EndSql = """
        UPDATE model_changes
        SET state = @state, ended_at = @now, failure = @failure, kept_until = @keptUntil, waiting = NULL, waiting_since = NULL,
            done = CASE WHEN @state = 'done' THEN passages - refused ELSE done END
        WHERE tenant_id = @tenant AND change_id = @id AND state = 'running'
        """;

    /// <summary>Null where there is no such change.</summary>
    public async Task<ModelChange?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<ModelChange>(FindSql, new { tenant = tenant.Value, id }, cancellationToken);
    }

    /// <summary>Counts what there is and what is done, and starts the clock. A change that was cut off begins here, too.</summary>
    public Task BeginAsync(WorkItem item, ModelChange change, CancellationToken cancellationToken) =>
        WriteAsync(
            item,
            async session =>
            {
                await session.AllowLongStatementsAsync(cancellationToken);
                var counted = await session.FindAsync<CountRow>(
                    CountSql,
                    new { tenant = item.Tenant.Value, model = change.ToModel },
                    cancellationToken
                );
                await session.ExecuteAsync(
                    BeginSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        id = change.ChangeId,
                        counted!.Passages,
                        counted.Done,
                        now = time.GetUtcNow(),
                    },
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>Nothing that search sees: no revision rises.</summary>
    /// <param name="refused">Passages so far that the model does not take.</param>
    /// <exception cref="LeaseLostException">The change was taken back.</exception>
    public Task AddAsync(
        WorkItem item,
        ModelChange change,
        IReadOnlyList<BlindPassage> passages,
        string[] vectors,
        int refused,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            item,
            async session =>
            {
                // What was erased since has none.
                var added =
                    passages.Count == 0
                        ? 0
                        : await session.ExecuteAsync(
                            IngestionStore.InsertVectorsSql,
                            new
                            {
                                tenant = item.Tenant.Value,
                                model = change.ToModel,
                                ids = passages.Select(passage => passage.ChunkId).ToArray(),
                                vectors,
                            },
                            cancellationToken
                        );
                var isRunning = await session.ExecuteAsync(
                    ProgressSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        id = change.ChangeId,
                        added,
                        refused,
                        now = time.GetUtcNow(),
                    },
                    cancellationToken
                );
                if (isRunning == 0)
                {
                    throw new LeaseLostException();
                }

                await item.ProgressedAsync(session, cancellationToken);
            },
            cancellationToken
        );

    /// <param name="why">For a person.</param>
    public Task WaitAsync(WorkItem item, ModelChange change, string why, CancellationToken cancellationToken) =>
        WriteAsync(
            item,
            session =>
                session.ExecuteAsync(
                    WaitSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        id = change.ChangeId,
                        why,
                        now = time.GetUtcNow(),
                    },
                    cancellationToken
                ),
            cancellationToken
        );

    public Task FailAsync(WorkItem item, ModelChange change, string why, CancellationToken cancellationToken) =>
        WriteAsync(
            item,
            session => EndAsync(session, change.ChangeId, ModelChangeState.Failed, why, null, cancellationToken),
            cancellationToken
        );

    /// <summary>From its commit on every search is by the other model.</summary>
    /// <param name="refused">Passages that may lack their vector.</param>
    /// <returns>False, and nothing is changed, where a passage lacks one.</returns>
    public async Task<bool> CutOverAsync(
        WorkItem item,
        ModelChange change,
        Guid[] refused,
        TimeSpan keep,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var arguments = new
        {
            tenant = item.Tenant.Value,
            model = change.ToModel,
            documents = (Guid[]?)null,
            refused,
        };
        await session.FindAsync<string>(LockSql, arguments, cancellationToken);
        if (
            await session.FindAsync<bool>(LackingSql, arguments, cancellationToken)
            || !await EndAsync(
                session,
                change.ChangeId,
                ModelChangeState.Done,
                null,
                time.GetUtcNow() + keep,
                cancellationToken
            )
        )
        {
            return false;
        }

        await ServeAsync(session, change.ToModel, time.GetUtcNow(), cancellationToken);
        await session.CommitAsync(cancellationToken);
        models.Learn(item.Tenant, change.ToModel);
        return true;
    }

    /// <summary>Another model serves, documents count what they lack of it, and the revision rises: last in its transaction.</summary>
    internal static async Task ServeAsync(
        TenantSession session,
        string model,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            model,
            documents = (Guid[]?)null,
        };
        await session.ExecuteAsync(ServeSql, arguments, cancellationToken);
        await session.ExecuteAsync(VectorStore.CountSql, arguments, cancellationToken);
        await RevisionLog.RecordAsync(session, ChangeKind.Model, Guid.Empty, [], [], now, cancellationToken);
    }

    private async Task<bool> EndAsync(
        TenantSession session,
        Guid id,
        string state,
        string? failure,
        DateTimeOffset? keptUntil,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            EndSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                state,
                failure,
                keptUntil,
                now = time.GetUtcNow(),
            },
            cancellationToken
        ) == 1;

    private async Task WriteAsync(WorkItem item, Func<TenantSession, Task> write, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        await write(session);
        await session.CommitAsync(cancellationToken);
    }

    internal sealed record CountRow
    {
        public required int Passages { get; init; }
        public required int Done { get; init; }
        public required long Tokens { get; init; }
    }
}
