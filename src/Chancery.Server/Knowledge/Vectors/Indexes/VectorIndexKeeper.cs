using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Vectors.Indexes;

/// <summary>
/// Gives each organisation the index that its size or the settings ask for, and takes it away where neither does any more or the
/// organisation is gone: at the start, and every hour.
/// </summary>
internal sealed class VectorIndexKeeper(
    TenantDatabase database,
    VectorIndexBuilder builder,
    TenantModels models,
    Doors doors,
    IOptions<VectorIndexOptions> options,
    IServiceProvider services,
    TimeProvider time,
    ILogger<VectorIndexKeeper> logger
) : BackgroundService, ITenantJob
{
    public const string Name = "vector-indexes";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(30);

    // An organisation that lost some of its documents keeps its index: building it again is dear.
    private const double Shrunk = 0.5;

    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    // Counting stops where it is known.
    private const string CountSql = """
        SELECT count(*)::int FROM (
          SELECT FROM chunk_vectors WHERE tenant_id = @tenant AND model = @model LIMIT @most) AS counted
        """;

    private const string DimensionsSql = """
        SELECT vector_dims(embedding) FROM chunk_vectors WHERE tenant_id = @tenant AND model = @model
        ORDER BY chunk_id DESC LIMIT 1
        """;

    private const string NextSql = "SELECT to_model FROM model_changes WHERE tenant_id = @tenant AND state = 'running'";

    // Most organisations have none, and need no connection of the owner to be told so.
    private const string HasIndexSql =
        "SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'i' AND starts_with(relname::text, @prefix))";

    private const string ExistsSql = "SELECT tenant_id FROM door_tenant_named(@tenant)";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private long? _sweptAt;
    private bool _isAble;

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (!await BeginAsync(cancellationToken))
        {
            return;
        }

        var serving = (await models.OfAsync(tenant, cancellationToken)).Name;
        var (index, count) = await MeasureAsync(tenant, serving, cancellationToken);
        if (IsWanted(index, count))
        {
            // Of a model that is changed to, too: it is there when that serves.
            await builder.BuildAsync(index, await NextAsync(tenant, cancellationToken), cancellationToken);
        }
        else if (
            !IsNamed(tenant, count)
            && (options.Value.Passages == 0 || count < options.Value.Passages * Shrunk)
            && await HasIndexAsync(tenant, cancellationToken)
        )
        {
            await builder.DropAllAsync(tenant, cancellationToken);
        }
    }

    /// <summary>
    /// Builds the index of a model that does not serve yet, beside the one that does, where the organisation is to have one.
    /// </summary>
    public async Task PrepareAsync(TenantId tenant, string model, CancellationToken cancellationToken)
    {
        var (index, count) = await MeasureAsync(tenant, model, cancellationToken);
        if (IsWanted(index, count) && await builder.IsAbleAsync(cancellationToken))
        {
            var serving = (await models.OfAsync(tenant, cancellationToken)).Name;
            var (beside, _) = await MeasureAsync(tenant, serving, cancellationToken);
            await builder.BuildAsync(index, beside, cancellationToken);
        }
    }

    private async Task<bool> HasIndexAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<bool>(
            HasIndexSql,
            new { prefix = VectorIndex.PrefixOf(tenant) },
            cancellationToken
        );
    }

    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await services.GetRequiredService<TenantJobRunner>().RunAsync(Name, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it was through; what was half built is dropped at the next start.
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next hour's check does it.
            Log.VectorIndexesNotChecked(logger, exception);
        }
    }

    /// <summary>Once for each round: whether indexes can be built here, and what nobody owns any more.</summary>
    private async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_sweptAt is { } at && time.GetElapsedTime(at) < Pause)
            {
                return _isAble;
            }

            _isAble = await builder.IsAbleAsync(cancellationToken);
            if (_isAble)
            {
                await SweepAsync(cancellationToken);
            }

            _sweptAt = time.GetTimestamp();
            return _isAble;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var owners = (await builder.ListAsync(VectorIndex.Prefix, cancellationToken))
            .Select(index => VectorIndex.TenantOf(index.Name))
            .OfType<TenantId>()
            .Distinct();
        foreach (var owner in owners)
        {
            var found = await doors.QueryAsync<Guid>(ExistsSql, new { tenant = owner.ToString() }, cancellationToken);
            if (found.Count == 0)
            {
                await builder.DropAllAsync(owner, cancellationToken);
            }
        }
    }

    private bool IsWanted(VectorIndex index, int count) =>
        index.IsPossible
        && (IsNamed(index.Tenant, count) || (options.Value.Passages > 0 && count >= options.Value.Passages));

    private bool IsNamed(TenantId tenant, int count) => options.Value.Names(tenant.Value) && count > 0;

    /// <summary>What the organisation is being changed to; null where it is not.</summary>
    private async Task<VectorIndex?> NextAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var model = await session.FindAsync<string>(NextSql, new { tenant = tenant.Value }, cancellationToken);
        return model is null ? null : (await MeasureAsync(session, model, cancellationToken)).Index;
    }

    private async Task<(VectorIndex Index, int Count)> MeasureAsync(
        TenantId tenant,
        string? model,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await MeasureAsync(session, model, cancellationToken);
    }

    private async Task<(VectorIndex Index, int Count)> MeasureAsync(
        TenantSession session,
        string? model,
        CancellationToken cancellationToken
    )
    {
        var tenant = session.Tenant;
        await session.AllowLongStatementsAsync(cancellationToken);
        if (model is null || !await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken))
        {
            return (new VectorIndex(tenant, "", 0), 0);
        }

        var arguments = new
        {
            tenant = tenant.Value,
            model,
            most = Math.Max(1, options.Value.Passages),
        };
        var count = await session.FindAsync<int>(CountSql, arguments, cancellationToken);
        var dimensions = await session.FindAsync<int?>(DimensionsSql, arguments, cancellationToken);
        return (new VectorIndex(tenant, model, dimensions ?? 0), count);
    }
}
