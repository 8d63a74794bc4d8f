using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger;

/// <summary>
/// Copies journals that were left behind, at the start and now and then; books reservations whose time is over; goes back to Redis
/// when it answers again.
/// </summary>
internal sealed class LedgerUpkeep(
    LedgerStore store,
    LedgerWriter writer,
    LedgerPulse pulse,
    BudgetGate gate,
    BudgetAlerts alerts,
    LedgerClock clock,
    Platform.Storage storage,
    ILogger<LedgerUpkeep> logger
) : BackgroundService
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromSeconds(2);
    private const int RoundsBetweenReaps = 8;

    /// <summary>
    /// Beyond a reservation's own time: longer than PostgreSQL may be away, so that an end that waits in a journal comes first.
    /// </summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var round = 0; !stoppingToken.IsCancellationRequested; round++)
        {
            try
            {
                if (round % RoundsBetweenReaps == 0)
                {
                    await AdoptAsync(stoppingToken);
                    await ReapAsync(stoppingToken);
                    await pulse.ForgetGoneAsync(stoppingToken);
                }

                await gate.ReturnToRedisAsync(stoppingToken);
                await gate.DoubtAfterBreakAsync();
                await alerts.CheckAsync(stoppingToken);
                await Task.Delay(Rhythm, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // PostgreSQL may be away; the next round tries again.
            catch (Exception exception)
            {
                Log.UpkeepFailed(logger, exception);
                await Task.Delay(Rhythm, CancellationToken.None);
            }
        }
    }

    /// <summary>Copies the journals of processes that are gone.</summary>
    internal async Task AdoptAsync(CancellationToken cancellationToken)
    {
        foreach (var left in Journal.LeftIn(storage.DataDirectory))
        {
            using (left)
            {
                var entries = left.Read(clock.Now);
                if (entries.Count > 0)
                {
                    Log.JournalAdopted(
                        logger,
                        entries.Count,
                        entries.Count(entry => entry.Event == LedgerEvent.Expired)
                    );
                }

                foreach (var tenant in entries.GroupBy(entry => entry.Tenant))
                {
                    await writer.CopyAsync(new TenantId(tenant.Key), [.. tenant], cancellationToken);
                    // Its last ends may never have reached Redis.
                    await gate.ForgetAsync(new TenantId(tenant.Key));
                }

                left.Forget();
            }
        }
    }

    /// <summary>Books what should have ended long ago at what was reserved.</summary>
    internal async Task<int> ReapAsync(CancellationToken cancellationToken)
    {
        var now = clock.Now;
        var before = now - Slack;
        var expired = 0;
        foreach (var tenant in await store.OverdueTenantsAsync(before, cancellationToken))
        {
            int piece;
            do
            {
                piece = await store.ExpireAsync(tenant, before, now, cancellationToken);
                expired += piece;
            } while (piece > 0);
        }

        if (expired > 0)
        {
            Log.Expired(logger, expired);
        }

        return expired;
    }
}
