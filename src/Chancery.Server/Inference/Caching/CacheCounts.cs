using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Caching;

/// <summary>Hits and misses of one level.</summary>
internal sealed class LevelCount
{
    private long _hits;
    private long _misses;

    public long Hits => Volatile.Read(ref _hits);

    public long Misses => Volatile.Read(ref _misses);

    public void Hit() => Interlocked.Increment(ref _hits);

    public void Miss() => Interlocked.Increment(ref _misses);
}

/// <summary>What the cache did for a tenant.</summary>
/// <param name="Hits">Answers that were given from it; those who waited for the same question of another's are in it.</param>
/// <param name="Misses">Questions that a model was asked.</param>
/// <param name="Bypassed">Those that could have been looked up, and were not to be.</param>
/// <param name="SavedNano">What the hits cost when a model was asked.</param>
internal readonly record struct TenantCount(long Hits, long Misses, long Bypassed, long SavedNano)
{
    public TenantCount Add(TenantCount other) =>
        new(Hits + other.Hits, Misses + other.Misses, Bypassed + other.Bypassed, SavedNano + other.SavedNano);
}

/// <summary>
/// Counts for people to look at: this process's by level, every server's by tenant and day. The latter stand in Redis, are a second
/// late, and are lost with it; what was really saved is in the ledger. Safe for concurrent use.
/// </summary>
internal sealed class CacheCounts(RedisGateway redis, TimeProvider time)
{
    public const int DaysKept = 31;

    private const string AddScript = """
        redis.call('HINCRBY', KEYS[1], 'hits', ARGV[1])
        redis.call('HINCRBY', KEYS[1], 'misses', ARGV[2])
        redis.call('HINCRBY', KEYS[1], 'bypassed', ARGV[3])
        redis.call('HINCRBY', KEYS[1], 'saved', ARGV[4])
        redis.call('EXPIRE', KEYS[1], ARGV[5])
        return { 'ok' }
        """;

    private const string ReadScript = """
        local sums = { 0, 0, 0, 0 }
        for i = 1, #KEYS do
          local found = redis.call('HMGET', KEYS[i], 'hits', 'misses', 'bypassed', 'saved')
          for n = 1, 4 do sums[n] = sums[n] + tonumber(found[n] or '0') end
        end
        local told = {}
        for n = 1, 4 do told[n] = string.format('%.0f', sums[n]) end
        return told
        """;

    private ConcurrentDictionary<TenantId, TenantCount> _waiting = new();
    private long _followers;

    public LevelCount Process { get; } = new();

    public LevelCount Redis { get; } = new();

    /// <summary>Hits and misses of whole look-ups on this server.</summary>
    public LevelCount Calls { get; } = new();

    /// <summary>Those who waited for somebody else's same question.</summary>
    public long Followers => Volatile.Read(ref _followers);

    public void Hit(TenantId tenant, NanoDollars saved, bool followed)
    {
        Calls.Hit();
        if (followed)
        {
            Interlocked.Increment(ref _followers);
        }

        Add(tenant, new TenantCount(1, 0, 0, saved.Value));
    }

    public void Miss(TenantId tenant)
    {
        Calls.Miss();
        Add(tenant, new TenantCount(0, 1, 0, 0));
    }

    public void Bypassed(TenantId tenant) => Add(tenant, new TenantCount(0, 0, 1, 0));

    public async Task FlushAsync()
    {
        if (_waiting.IsEmpty)
        {
            return;
        }

        var day = Today;
        foreach (var (tenant, count) in Interlocked.Exchange(ref _waiting, new()))
        {
            var added = await redis.RunAsync(
                AddScript,
                [KeyOf(tenant, day)],
                [
                    Text(count.Hits),
                    Text(count.Misses),
                    Text(count.Bypassed),
                    Text(count.SavedNano),
                    Text(DaysKept * 86_400),
                ]
            );
            if (added is null)
            {
                Add(tenant, count);
            }
        }
    }

    /// <summary>Of the last days, today with them; null when Redis is gone.</summary>
    public async Task<TenantCount?> ReadAsync(TenantId tenant, int days)
    {
        await FlushAsync();
        var today = Today;
        var read = await redis.RunAsync(
            ReadScript,
            [.. Enumerable.Range(0, days).Select(ago => KeyOf(tenant, today.AddDays(-ago)))],
            []
        );
        return read is [var hits, var misses, var bypassed, var saved]
            ? new TenantCount(Number(hits), Number(misses), Number(bypassed), Number(saved))
            : null;
    }

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    // Between reading the dictionary and adding to it it may have been taken away to be flushed: a count is lost then, and nothing else.
    private void Add(TenantId tenant, TenantCount count) =>
        _waiting.AddOrUpdate(tenant, count, (_, waiting) => waiting.Add(count));

    private static string KeyOf(TenantId tenant, DateOnly day) =>
        string.Create(CultureInfo.InvariantCulture, $"{CacheSpace.PrefixOf(tenant)}counts:{day:yyyyMMdd}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
