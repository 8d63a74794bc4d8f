using StackExchange.Redis;

namespace Chancery.Server.Limits;

/// <summary>Hears of limits that other servers change.</summary>
internal sealed class LimitListener(LimitBook book, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await book.ListenAsync();
                return;
            }
            // Until then a change is seen when what is known is ten seconds old.
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }
}
