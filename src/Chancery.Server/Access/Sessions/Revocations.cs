using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Keys;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Redis;
using StackExchange.Redis;

namespace Chancery.Server.Access.Sessions;

/// <summary>Makes sign-out, removal and role changes act at once, here and (through Redis) on the other replicas.</summary>
/// <remarks>
/// Messages name what changed and nothing else: <c>session:{id}</c>, <c>user:{tenant}:{user}</c>,
/// <c>tenant:{tenant}</c>, <c>erased:{tenant}</c>, <c>key:{tenant}:{id}</c>, <c>client:{tenant}:{id}</c>,
/// <c>token:{id}</c>. Call after the commit. With Redis gone the others notice by the age of their entries.
/// </remarks>
internal sealed class Revocations(
    SessionDirectory sessions,
    ApiKeyDirectory keys,
    ClientDirectory clients,
    ExternalTokens externals,
    IEnumerable<ISessionEnded> ended,
    Lazy<IReadOnlyList<ITenantRemains>> remains,
    Doors doors,
    RedisGateway redis,
    TimeProvider time,
    ILogger<Revocations> logger
) : BackgroundService
{
    private const string Channel = "chancery:sessions";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public async Task SessionAsync(TenantId tenant, Guid sessionId)
    {
        await TellAsync($"session:{sessionId}");
        await EndAsync(tenant, [sessionId]);
    }

    /// <summary>The person's sessions in that tenant ended.</summary>
    public async Task SessionsAsync(TenantId tenant, Guid userId, IReadOnlyList<Guid> sessionIds)
    {
        await UserAsync(tenant.Value, userId);
        await EndAsync(tenant, sessionIds);
    }

    /// <summary>The tenant was suspended or goes on, or what everybody in it is told of it changed, such as its name.</summary>
    public Task TenantAsync(Guid tenantId) => TellAsync($"tenant:{tenantId}");

    /// <summary>The tenant was erased: every other server lets go of what it keeps of it beside the database.</summary>
    public Task ErasedAsync(Guid tenantId) => redis.PublishAsync(Channel, $"erased:{tenantId}");

    /// <summary>What concerns everybody in the tenant changed, and with it those sessions ended.</summary>
    public async Task TenantAsync(TenantId tenant, IReadOnlyList<Guid> sessionIds)
    {
        await TenantAsync(tenant.Value);
        await EndAsync(tenant, sessionIds);
    }

    /// <summary>The person's role or membership in that tenant changed: their sessions and the keys they made.</summary>
    public Task UserAsync(Guid tenantId, Guid userId) => TellAsync($"user:{tenantId}:{userId}");

    /// <summary>An OAuth client changed or ended, and with it those sessions.</summary>
    public async Task ClientAsync(TenantId tenant, Guid client, IReadOnlyList<Guid> sessionIds)
    {
        await TellAsync($"client:{tenant.Value}:{client}");
        await EndAsync(tenant, sessionIds);
    }

    /// <summary>One access token, of a client as itself, was taken back.</summary>
    public Task TokenAsync(Guid tokenId) => TellAsync($"token:{tokenId}");

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

    private async Task EndAsync(TenantId tenant, IReadOnlyList<Guid> sessionIds)
    {
        foreach (var listener in ended)
        {
            foreach (var session in sessionIds)
            {
                await listener.EndedAsync(tenant, session);
            }
        }
    }

    private async Task TellAsync(string message)
    {
        Apply(message);
        await redis.PublishAsync(Channel, message);
    }

    /// <summary>
    /// A message alone erases nothing: it may be late, or another installation's on the same Redis. The database says whether the
    /// organisation is gone.
    /// </summary>
    private async Task ForgetAsync(TenantId tenant)
    {
        foreach (var place in remains.Value.Where(place => place.IsOfEachServer))
        {
            try
            {
                var erased = await doors.QueryAsync<bool>(
                    "SELECT door_is_erased(@tenant)",
                    new { tenant = tenant.Value },
                    CancellationToken.None
                );
                if (!erased.Single())
                {
                    return;
                }

                await place.EraseAsync(tenant, CancellationToken.None);
            }
            catch (Exception exception)
                when (exception is IOException or UnauthorizedAccessException or Npgsql.NpgsqlException)
            {
                Log.RemainsLeft(logger, place.Name, exception);
            }
        }
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
                clients.DropOfUser(tenantId, userId);
                externals.DropOfUser(tenantId, userId);
                break;
            case ["tenant", var tenant] when Guid.TryParse(tenant, out var tenantId):
                sessions.DropOfTenant(tenantId);
                keys.DropOfTenant(tenantId);
                externals.DropOfTenant(tenantId);
                break;
            case ["erased", var tenant] when Guid.TryParse(tenant, out var tenantId):
                _ = ForgetAsync(new TenantId(tenantId));
                break;
            case ["key", var tenant, var key]
                when Guid.TryParse(tenant, out var tenantId) && Guid.TryParse(key, out var keyId):
                keys.Drop(tenantId, keyId);
                break;
            case ["client", var tenant, var client]
                when Guid.TryParse(tenant, out var tenantId) && Guid.TryParse(client, out var clientId):
                clients.Drop(clientId);
                sessions.DropOfClient(tenantId, clientId.ToString());
                break;
            case ["token", var token] when Guid.TryParse(token, out var tokenId):
                clients.DropToken(tokenId);
                break;
        }
    }
}
