using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Redis;
using StackExchange.Redis;

namespace Chancery.Server.Inference.Routing;

/// <summary>Has an operator's reset act on all servers. Safe for concurrent use.</summary>
internal sealed class TargetNotices(RedisGateway redis, TargetHealth health, ModelRegistry registry, TimeProvider time)
    : BackgroundService
{
    private const string Channel = "chancery:models:reset";
    private const string All = "*";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public Task TellAsync(ChatModel? model) => redis.PublishAsync(Channel, model?.Id ?? All);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await redis.SubscribeAsync(Channel, Reset);
                return;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    private void Reset(string told)
    {
        if (told == All)
        {
            _ = health.ResetAsync(null);
        }
        else if (registry.TryFind(told, out var model))
        {
            _ = health.ResetAsync(model);
        }
    }
}
