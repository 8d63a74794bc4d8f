using Chancery.Server.Access.Keys;
using Chancery.Server.Platform.Redis;
using StackExchange.Redis;

namespace Chancery.Server.Access.Sessions;

/// <summary>Makes sign-out, removal and role changes act at once, here and (through Redis) on the other replicas.</summary>
/// <remarks>
/// Messages name what changed and nothing else: <c>session:{id}</c>, <c>user:{tenant}:{user}</c>,
/// <c>key:{tenant}:{id}</c>. Call after the commit. With Redis gone the others notice by the age of their entries.
/// </remarks>
internal sealed class Revocations(
    SessionDirectory sessions,
    ApiKeyDirectory keys,
    RedisGateway redis,
    TimeProvider time,
    ILogger<Revocations> logger
) : BackgroundService
{
    private const string Channel = "chancery:sessions";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public Task SessionAsync(Guid sessionId) => TellAsync($"session:{sessionId}");

    /// <summary>The person's role or membership in that tenant changed: their sessions and the keys they made.</summary>
    public Task UserAsync(Guid tenantId, Guid userId) => TellAsync($"user:{tenantId}:{userId}");

    public Task KeyAsync(Guid tenantId, Guid keyId) => TellAsync($"key:{tenantId}:{keyId}");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await redis.SubscribeAsync(Channel, Apply);
                return;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                Log.RevocationsNotHeard(logger, exception);
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    private async Task TellAsync(string message)
    {
        Apply(message);
        await redis.PublishAsync(Channel, message);
    }

    private void Apply(string message)
    {
        switch (message.Split(':'))
        {
            case ["session", var session] when Guid.TryParse(session, out var sessionId):
                sessions.Drop(sessionId);
                break;
            case ["user", var tenant, var user]
                when Guid.TryParse(tenant, out var tenantId) && Guid.TryParse(user, out var userId):
                sessions.DropOfUser(tenantId, userId);
                keys.DropOfUser(tenantId, userId);
                break;
            case ["key", var tenant, var key]
                when Guid.TryParse(tenant, out var tenantId) && Guid.TryParse(key, out var keyId):
                keys.Drop(tenantId, keyId);
                break;
        }
    }
}
