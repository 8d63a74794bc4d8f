using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Audit.Chain;

/// <summary>Links what this process wrote down, soon; and now and then what another left behind.</summary>
internal sealed class ChainLoop(
    ChainWriter writer,
    ChainSignals signals,
    Doors doors,
    TimeProvider time,
    ILogger<ChainLoop> logger
) : BackgroundService
{
    private const int MostTenants = 1_000;
    private const string WaitingSql = "SELECT tenant_id FROM door_audit_waiting(@most)";

    // What comes in a burst is linked in one transaction.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!await signals.WaitAsync(BetweenSweeps, time, stoppingToken))
                {
                    await SweepAsync(stoppingToken);
                }

                await Task.Delay(Gather, time, stoppingToken);
                while (signals.TryTake(out var tenant))
                {
                    await LinkAsync(tenant, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotLinked(logger, exception);
                await Task.Delay(AfterTrouble, time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task LinkAsync(Guid tenant, CancellationToken cancellationToken)
    {
        try
        {
            await writer.LinkAsync(tenant, cancellationToken);
        }
        catch (NpgsqlException)
        {
            signals.Raise(tenant);
            throw;
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var tenant in await doors.QueryAsync<Guid>(WaitingSql, new { most = MostTenants }, cancellationToken))
        {
            signals.Raise(tenant);
        }
    }
}
