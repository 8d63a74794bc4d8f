using Chancery.Server.Platform.Redis;
using StackExchange.Redis;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Hears of caps that other servers change, and of servers that wait until this one has copied.</summary>
internal sealed class BudgetListener(BudgetBook book, LedgerPulse pulse, RedisGateway redis, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await book.ListenAsync();
                await redis.SubscribeAsync(LedgerPulse.HurryChannel, _ => pulse.Hurry());
                return;
            }
            // Until then a change is seen when what is known is two seconds old.
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }
}
