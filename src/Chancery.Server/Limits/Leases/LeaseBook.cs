using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Limits.Leases;

/// <summary>
/// Counts what runs at once on all servers: places with an end in Redis, by the clock of Redis, which are put off for as long as their
/// holder lives. While Redis is gone each server counts what it holds itself. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A server that was killed holds its places for half a minute at most. A Redis that was emptied learns of all again within ten
/// seconds; until then more may run than should.
/// </remarks>
public sealed class LeaseBook(RedisGateway redis, LimitBook limits, ILogger<LeaseBook> logger) : BackgroundService
{
    // KEYS: the sorted set of a tenant's places, by end. ARGV: milliseconds that a place lives; the most; the new place.
    private const string TakeScript = """
        local t = redis.call('TIME')
        local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
        if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return {'refused'} end
        redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), ARGV[3])
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        return {'taken'}
        """;

    // KEYS: the same. ARGV: milliseconds; the places that go on.
    private const string RenewScript = """
        local t = redis.call('TIME')
        local ends = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000) + tonumber(ARGV[1]))
        for i = 2, #ARGV do redis.call('ZADD', KEYS[1], ends, ARGV[i]) end
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        return {'renewed'}
        """;

    private const string ReleaseScript = """
        redis.call('ZREM', KEYS[1], ARGV[1])
        return {'released'}
        """;

    private const string CountScript = """
        local t = redis.call('TIME')
        local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        return {tostring(redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf'))}
        """;

    private readonly ConcurrentDictionary<string, Lease> _held = new();
    private readonly Lock _gate = new();

    /// <summary>How long a place is held that nobody puts off.</summary>
    internal TimeSpan Life { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Takes a place, or says that all are taken. Nothing is asked where there is no limit, or where none is known because PostgreSQL is
    /// gone.
    /// </summary>
    public async ValueTask<LeaseOutcome> TakeAsync(
        TenantId tenant,
        LimitName limit,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(limit);
        if ((await limits.FindAsync(tenant, cancellationToken))?.Of(limit) is not { } most)
        {
            return new LeaseOutcome(new Lease(null, tenant, limit), null);
        }

        var lease = new Lease(this, tenant, limit);
        switch (
            await redis.RunAsync(
                TakeScript,
                [KeyOf(tenant, limit)],
                [Text(Life.TotalMilliseconds), Text(most), lease.Id]
            )
        )
        {
            case ["taken"]:
                _held[lease.Id] = lease;
                return new LeaseOutcome(lease, most);
            case ["refused"]:
                return new LeaseOutcome(null, most);
            default:
                return new LeaseOutcome(TakeHere(lease, most) ? lease : null, most);
        }
    }

    /// <summary>How many run now.</summary>
    public async Task<long> CountAsync(TenantId tenant, LimitName limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return await redis.RunAsync(CountScript, [KeyOf(tenant, limit)], []) is [var count]
            ? long.Parse(count, CultureInfo.InvariantCulture)
            : HeldHere(tenant, limit);
    }

    /// <summary>Puts the ends of all places off that this server holds.</summary>
    internal async Task RenewAsync()
    {
        foreach (var set in _held.Values.GroupBy(lease => KeyOf(lease.Tenant, lease.Limit)).ToList())
        {
            await redis.RunAsync(
                RenewScript,
                [set.Key],
                [Text(Life.TotalMilliseconds), .. set.Select(lease => lease.Id)]
            );
            // What was given back meanwhile must not stay for another life.
            foreach (var lease in set.Where(lease => !_held.ContainsKey(lease.Id)))
            {
                await redis.RunAsync(ReleaseScript, [set.Key], [lease.Id]);
            }
        }
    }

    internal async ValueTask ReleaseAsync(Lease lease)
    {
        if (_held.TryRemove(lease.Id, out _))
        {
            await redis.RunAsync(ReleaseScript, [KeyOf(lease.Tenant, lease.Limit)], [lease.Id]);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Life / 3);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RenewAsync();
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    Log.LeasesNotRenewed(logger, exception);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; its streams end, and give their places back themselves.
        }
    }

    private bool TakeHere(Lease lease, long most)
    {
        lock (_gate)
        {
            return HeldHere(lease.Tenant, lease.Limit) < most && _held.TryAdd(lease.Id, lease);
        }
    }

    private long HeldHere(TenantId tenant, LimitName limit) =>
        _held.Values.LongCount(lease => lease.Tenant == tenant && lease.Limit == limit);

    private static string KeyOf(TenantId tenant, LimitName limit) => $"{{{tenant.Value:n}}}:leases:{limit.Name}";

    private static string Text(double number) => number.ToString("0", CultureInfo.InvariantCulture);
}
