using Chancery.Server.Access;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>What asking for a model can end in.</summary>
internal abstract record ModelChoiceOutcome
{
    private ModelChoiceOutcome() { }

    /// <summary>It is as asked, or will be.</summary>
    public sealed record Settled : ModelChoiceOutcome;

    /// <summary>Another change has not ended.</summary>
    public sealed record Busy(string ToModel) : ModelChoiceOutcome;
}

/// <summary>
/// Which model an organisation wants, and that it comes to be: changes are begun, taken back, and kept in step with the
/// installation's settings. Safe for concurrent use, by several servers too.
/// </summary>
internal sealed class ModelChoiceStore(
    TenantDatabase database,
    EmbeddingModels models,
    TenantModels tenants,
    VectorStore vectors,
    WorkQueue queue,
    ModelChangeMeter meter,
    IOptions<KnowledgeOptions> options,
    TimeProvider time,
    ILogger<ModelChoiceStore> logger
)
{
    private const string EnsureSql = """
        INSERT INTO tenant_models (tenant_id) VALUES (@tenant) ON CONFLICT (tenant_id) DO NOTHING
        """;

    private const string LockSql = "SELECT serving, chosen FROM tenant_models WHERE tenant_id = @tenant FOR UPDATE";

    private const string RunningSql =
        "SELECT " + ModelChangeStore.ColumnsSql + "FROM model_changes WHERE tenant_id = @tenant AND state = 'running'";

    private const string NewestSql =
        "SELECT "
        + ModelChangeStore.ColumnsSql
        + "FROM model_changes WHERE tenant_id = @tenant ORDER BY change_id DESC LIMIT @most";

    private const string ChooseSql = "UPDATE tenant_models SET chosen = @chosen WHERE tenant_id = @tenant";

    private const string PinSql = "UPDATE tenant_models SET serving = @model WHERE tenant_id = @tenant";

    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    private const string MostUsedSql = """
        SELECT model FROM chunk_vectors
        WHERE tenant_id = @tenant AND model = ANY (@known)
        GROUP BY model
        ORDER BY count(*) DESC, model
        LIMIT 1
        """;

    private const string BeginSql = """
        INSERT INTO model_changes (tenant_id, change_id, from_model, to_model, state, started_by, started_at, ended_at, kept_until)
        VALUES (@tenant, @id, @from, @to, @state, @by, @now, @endedAt, @keptUntil)
        """;

    private const string EndSql = """
        UPDATE model_changes
        SET state = @state, ended_at = @now, kept_until = @keptUntil, waiting = NULL, waiting_since = NULL
        WHERE tenant_id = @tenant AND change_id = @id AND state = 'running'
        """;

    // Whose vectors nobody needs: left by what came to nothing, and former ones that were kept long enough.
    private const string IsLeftSql = """
        SELECT EXISTS (
          SELECT 1 FROM model_changes
          WHERE tenant_id = @tenant AND removed_at IS NULL
            AND (state IN ('cancelled', 'failed') OR (state IN ('done', 'forced') AND kept_until <= @now)))
        """;

    private const string VectorsSql = """
        SELECT model, count(*)::int AS passages
        FROM chunk_vectors
        WHERE tenant_id = @tenant
        GROUP BY model
        ORDER BY model
        """;

    /// <summary>What the organisation is searched with and wants, and its latest changes, newest first.</summary>
    public async Task<ModelStanding> FindAsync(TenantId tenant, int most, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var arguments = new { tenant = tenant.Value, most };
        var choice = await session.FindAsync<ChoiceRow>(
            "SELECT serving, chosen FROM tenant_models WHERE tenant_id = @tenant",
            arguments,
            cancellationToken
        );
        var changes = await session.QueryAsync<ModelChange>(NewestSql, arguments, cancellationToken);
        return new ModelStanding(choice?.Serving ?? models.Default.Model, choice?.Chosen, changes);
    }

    /// <summary>Has the organisation searched with that model: at once where there is nothing to make first, else after a change.</summary>
    public async Task<ModelChoiceOutcome> ChooseAsync(
        Principal principal,
        Embeddings wanted,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var (choice, running) = await LockAsync(session, cancellationToken);
        var name = wanted.Identity!;
        if (running is not null && running.ToModel != name)
        {
            return new ModelChoiceOutcome.Busy(running.ToModel);
        }

        await ChooseAsync(session, wanted == models.Default ? null : name, cancellationToken);
        if (running is null)
        {
            await TurnAsync(session, choice.Serving, wanted, principal.UserId, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        if ((await tenants.OfAsync(principal.Tenant, cancellationToken)).Name == name)
        {
            await vectors.CheckAsync(principal.Tenant, cancellationToken);
        }

        await queue.WakeAsync();
        return new ModelChoiceOutcome.Settled();
    }

    /// <summary>
    /// Takes the running change back; the former model goes on serving, also where the installation has another. Nothing where none
    /// runs.
    /// </summary>
    public async Task CancelAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (await RunningAsync(principal.Tenant, cancellationToken) is not { } seen)
        {
            return;
        }

        await using var session = await database.OpenAsync(principal.Tenant, cancellationToken);
        // The work before the model, as the worker locks them in this order.
        await queue.CancelAsync(session, ModelChangeWork.Kind, new ModelChangeWork(seen.ChangeId), cancellationToken);
        var (choice, running) = await LockAsync(session, cancellationToken);
        if (running?.ChangeId != seen.ChangeId)
        {
            // It ended by itself.
            return;
        }

        await EndAsync(session, running, ModelChangeState.Cancelled, null, cancellationToken);
        var stays = choice.Serving == models.Default.Identity ? null : choice.Serving;
        await ChooseAsync(session, stays, cancellationToken);
        await queue.EnqueueAsync(session, FormerVectorsWork.Kind, new FormerVectorsWork(), cancellationToken);
        await session.CommitAsync(cancellationToken);
        await queue.WakeAsync();
    }

    /// <summary>Brings an organisation in step with the settings: what they name now, and what they do not name any more.</summary>
    public async Task TendAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var seen = await RunningAsync(tenant, cancellationToken);
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        await session.ExecuteAsync(EnsureSql, new { tenant = tenant.Value }, cancellationToken);
        if (seen is not null && !IsUsable(seen.FromModel) && IsUsable(seen.ToModel))
        {
            // It becomes the model that serves: see TurnAsync.
            await queue.CancelAsync(
                session,
                ModelChangeWork.Kind,
                new ModelChangeWork(seen.ChangeId),
                cancellationToken
            );
        }

        var (choice, running) = await LockAsync(session, cancellationToken);
        var serving = choice.Serving ?? await SettleAsync(session, cancellationToken);
        var wanted = models.Find(choice.Chosen) ?? models.Default;
        if (running is not null && IsSuperseded(running, wanted))
        {
            // Its work looks at its state with each batch.
            await EndAsync(session, running, ModelChangeState.Cancelled, null, cancellationToken);
            running = null;
        }

        if (choice.Chosen is not null && models.Find(choice.Chosen) is null)
        {
            await ChooseAsync(session, null, cancellationToken);
        }

        if (serving is not null && running is not null)
        {
            await ContinueAsync(session, running, seen, cancellationToken);
        }
        else if (serving is not null && wanted.Model is not null)
        {
            await TurnAsync(session, serving, wanted, null, cancellationToken);
        }

        if (
            await session.FindAsync<bool>(
                IsLeftSql,
                new { tenant = tenant.Value, now = time.GetUtcNow() },
                cancellationToken
            )
        )
        {
            await queue.EnqueueAsync(session, FormerVectorsWork.Kind, new FormerVectorsWork(), cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        await tenants.OfAsync(tenant, cancellationToken);
    }

    /// <summary>How many vectors there are of each model.</summary>
    public async Task<IReadOnlyList<StoredVectors>> VectorsAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        return await HasVectorsAsync(session, cancellationToken)
            ? await session.QueryAsync<StoredVectors>(VectorsSql, new { tenant = tenant.Value }, cancellationToken)
            : [];
    }

    /// <summary>Whether the settings name what it leads to no more, or the installation's own is another by now.</summary>
    private bool IsSuperseded(ModelChange running, Embeddings wanted) =>
        models.Find(running.ToModel) is null
        || (running.StartedBy is null && wanted.Model is { } model && model != running.ToModel);

    private bool IsUsable(string model) => models.Find(model)?.Model is not null;

    private async Task<ModelChange?> RunningAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<ModelChange>(RunningSql, new { tenant = tenant.Value }, cancellationToken);
    }

    private static async Task<(ChoiceRow Choice, ModelChange? Running)> LockAsync(
        TenantSession session,
        CancellationToken cancellationToken
    )
    {
        var arguments = new { tenant = session.Tenant.Value };
        var choice =
            await session.FindAsync<ChoiceRow>(LockSql, arguments, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {session.Tenant} has no row in tenant_models.");
        return (choice, await session.FindAsync<ModelChange>(RunningSql, arguments, cancellationToken));
    }

    /// <summary>The model that a tenant was searched with before it was written down: that of most of its vectors.</summary>
    private async Task<string?> SettleAsync(TenantSession session, CancellationToken cancellationToken)
    {
        string? model = null;
        if (await HasVectorsAsync(session, cancellationToken))
        {
            string[] known = [.. models.All.Where(one => one.Model is not null).Select(one => one.Identity!)];
            model = await session.FindAsync<string>(
                MostUsedSql,
                new { tenant = session.Tenant.Value, known },
                cancellationToken
            );
        }

        model ??= models.Default.Model;
        if (model is not null)
        {
            await session.ExecuteAsync(PinSql, new { tenant = session.Tenant.Value, model }, cancellationToken);
        }

        return model;
    }

    /// <summary>A change that runs is left to its work, unless the model that serves beside it is gone.</summary>
    private async Task ContinueAsync(
        TenantSession session,
        ModelChange running,
        ModelChange? seen,
        CancellationToken cancellationToken
    )
    {
        if (IsUsable(running.FromModel) || !IsUsable(running.ToModel))
        {
            await queue.EnqueueAsync(
                session,
                ModelChangeWork.Kind,
                new ModelChangeWork(running.ChangeId),
                cancellationToken
            );
        }
        else if (running.ChangeId == seen?.ChangeId)
        {
            await EndAsync(session, running, ModelChangeState.Forced, Keep(), cancellationToken);
            await ForceAsync(session, running.FromModel, running.ToModel, cancellationToken);
        }
    }

    /// <summary>From what serves to what is wanted, where they differ.</summary>
    private async Task TurnAsync(
        TenantSession session,
        string? serving,
        Embeddings wanted,
        Guid? by,
        CancellationToken cancellationToken
    )
    {
        var to = wanted.Identity!;
        if (serving == to)
        {
            return;
        }

        if (serving is null || !await HasVectorsAsync(session, cancellationToken))
        {
            await session.ExecuteAsync(PinSql, new { tenant = session.Tenant.Value, model = to }, cancellationToken);
            return;
        }

        var isForced = !IsUsable(serving);
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await session.ExecuteAsync(
            BeginSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                from = serving,
                to,
                state = isForced ? ModelChangeState.Forced : ModelChangeState.Running,
                by,
                now,
                endedAt = isForced ? now : (DateTimeOffset?)null,
                keptUntil = isForced ? Keep() : null,
            },
            cancellationToken
        );
        if (isForced)
        {
            await ForceAsync(session, serving, to, cancellationToken);
            return;
        }

        Log.ModelChangeBegun(logger, session.Tenant.Value, serving, to);
        await queue.EnqueueAsync(session, ModelChangeWork.Kind, new ModelChangeWork(id), cancellationToken);
    }

    /// <summary>
    /// The former model cannot be asked any more, so that its vectors find nothing: what there is of the other serves now. The check that
    /// comes next asks for the rest.
    /// </summary>
    private async Task ForceAsync(TenantSession session, string from, string to, CancellationToken cancellationToken)
    {
        meter.Ended(ModelChangeState.Forced);
        Log.ModelForced(logger, session.Tenant.Value, from, to);
        await ModelChangeStore.ServeAsync(session, to, time.GetUtcNow(), cancellationToken);
    }

    private DateTimeOffset? Keep() => time.GetUtcNow() + TimeSpan.FromDays(options.Value.EmbeddingFormerDays);

    private async Task EndAsync(
        TenantSession session,
        ModelChange change,
        string state,
        DateTimeOffset? keptUntil,
        CancellationToken cancellationToken
    )
    {
        meter.Ended(state);
        await session.ExecuteAsync(
            EndSql,
            new
            {
                tenant = session.Tenant.Value,
                id = change.ChangeId,
                state,
                keptUntil,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
    }

    private static Task<int> ChooseAsync(TenantSession session, string? chosen, CancellationToken cancellationToken) =>
        session.ExecuteAsync(ChooseSql, new { tenant = session.Tenant.Value, chosen }, cancellationToken);

    private static Task<bool> HasVectorsAsync(TenantSession session, CancellationToken cancellationToken) =>
        session.FindAsync<bool>(HasVectorsSql, null, cancellationToken);

    private sealed record ChoiceRow
    {
        public string? Serving { get; init; }
        public string? Chosen { get; init; }
    }
}

/// <summary>What an organisation is searched with and wants.</summary>
/// <param name="Serving">Null where there is no model.</param>
/// <param name="Chosen">Null where it follows the installation.</param>
/// <param name="Changes">The latest, newest first.</param>
internal sealed record ModelStanding(string? Serving, string? Chosen, IReadOnlyList<ModelChange> Changes);

/// <summary>Vectors of one model.</summary>
internal sealed record StoredVectors
{
    public required string Model { get; init; }
    public required int Passages { get; init; }
}
