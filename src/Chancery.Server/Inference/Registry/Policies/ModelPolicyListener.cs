using StackExchange.Redis;

namespace Chancery.Server.Inference.Registry.Policies;

/// <summary>Has a change of a policy act on all servers.</summary>
internal sealed class ModelPolicyListener(ModelPolicies policies, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await policies.ListenAsync();
                return;
            }
            // Until then a change is seen by the age of what is known.
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }
}
