using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Vectors;

/// <summary>
/// Looks for passages without a vector, and whether the settings name another model: at the start, since the model may be new, and
/// every hour, since documents come back from deletion and former vectors are kept for some days only.
/// </summary>
internal sealed class VectorKeeper(
    VectorStore store,
    ModelChoiceStore choices,
    Embeddings embeddings,
    WorkQueue queue,
    IServiceProvider services,
    ILogger<VectorKeeper> logger
) : BackgroundService, ITenantJob
{
    public const string Name = "vectors";

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await choices.TendAsync(tenant, cancellationToken);
        await store.CheckAsync(tenant, cancellationToken);
        await queue.WakeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (embeddings.Model is { } model)
        {
            Log.SearchesByMeaning(logger, model);
        }
        else if (embeddings.IsWanted)
        {
            Log.SearchesByWords(logger);
        }

        try
        {
            await services.GetRequiredService<TenantJobRunner>().RunAsync(Name, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it was through.
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next hour's check does it.
            Log.VectorsNotChecked(logger, exception);
        }
    }
}
