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
    Embeddings embeddings,
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

        var (count, dimensions) = await MeasureAsync(tenant, cancellationToken);
        var index = new VectorIndex(tenant, embeddings.Model ?? "", dimensions ?? 0);
        var isNamed = options.Value.Names(tenant.Value) && count > 0;
        var least = options.Value.Passages;
        if (index.IsPossible && (isNamed || (least > 0 && count >= least)))
        {
            await builder.BuildAsync(index, cancellationToken);
        }
        else if (!isNamed && (least == 0 || count < least * Shrunk))
        {
            await builder.DropAllAsync(tenant, cancellationToken);
        }
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

    private async Task<(int Count, int? Dimensions)> MeasureAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        if (embeddings.Model is not { } model || !await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken))
        {
            return (0, null);
        }

        var arguments = new
        {
            tenant = tenant.Value,
            model,
            most = Math.Max(1, options.Value.Passages),
        };
        return (
            await session.FindAsync<int>(CountSql, arguments, cancellationToken),
            await session.FindAsync<int?>(DimensionsSql, arguments, cancellationToken)
        );
    }
}
