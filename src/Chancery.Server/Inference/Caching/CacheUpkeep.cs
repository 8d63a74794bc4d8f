using System.Globalization;
using Chancery.Server.Platform.Redis;
using StackExchange.Redis;

namespace Chancery.Server.Inference.Caching;

/// <summary>Hears of answers that are gone, tells counts, and keeps away from the end of Redis's memory.</summary>
internal sealed class CacheUpkeep(AnswerCache cache, CacheCounts counts, RedisGateway redis, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private const int StepsBetweenLooks = 10;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await counts.FlushAsync();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        cache.Options.IsOn ? Task.WhenAll(ListenAsync(stoppingToken), KeepAsync(stoppingToken)) : Task.CompletedTask;

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await redis.SubscribeAsync(AnswerCache.GoneChannel, cache.Heard);
                return;
            }
            // Until then the words in the names tell, half a second later.
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    private async Task KeepAsync(CancellationToken stoppingToken)
    {
        for (var steps = 0; !stoppingToken.IsCancellationRequested; steps++)
        {
            if (steps % StepsBetweenLooks == 0)
            {
                var memory = await redis.InfoAsync("memory");
                cache.IsRedisFull =
                    NumberOf(memory, "maxmemory") is > 0 and var most
                    && NumberOf(memory, "used_memory") > most * cache.Options.RedisMemoryShare;
            }

            await counts.FlushAsync();
            await Task.Delay(Step, time, stoppingToken);
        }
    }

    internal static long? NumberOf(IReadOnlyDictionary<string, string> info, string name) =>
        info.TryGetValue(name, out var text)
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
