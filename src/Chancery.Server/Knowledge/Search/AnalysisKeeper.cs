using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Writes PostgreSQL's words for passages again that are of an older analysis: at the start, since the server may be a newer one,
/// and every hour. Search goes on meanwhile: see migration 0018.
/// </summary>
internal sealed class AnalysisKeeper(AnalysisStore store, IServiceProvider services, ILogger<AnalysisKeeper> logger)
    : BackgroundService,
        ITenantJob
{
    public const string Name = "analysis";

    // A batch holds its documents against a change of title for some 50 ms.
    private const int Batch = 200;

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var written = 0;
        while (await store.WriteAgainAsync(tenant, Batch, cancellationToken) is var more and > 0)
        {
            written += more;
        }

        if (written > 0)
        {
            Log.AnalysedAgain(logger, written);
        }
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
            // Stopped before it was through.
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next hour's run does it.
            Log.AnalysisNotChecked(logger, exception);
        }
    }
}
