using System.Collections.Concurrent;
using System.Security.Cryptography;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Caching;

/// <summary>
/// What stands in the name of every answer: a word for the tenant, one for the namespace and one for the person. Another word, and all
/// that was stored before is found no more. Safe for concurrent use.
/// </summary>
/// <remarks>
/// The words stand in Redis, and each server reads them again when what it knows is half a second old: so an invalidation holds on all
/// servers within a second, whether they hear of it or not. They are random: a Redis that lost them gets others, and nothing that a
/// process still has comes back to life. While Redis is gone a server stays with what it knew.
/// </remarks>
internal sealed class CacheStamps(RedisGateway redis, Hurried hurried, TimeProvider time)
{
    public static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    // Known tenants, namespaces and people; beyond it all are read anew.
    private const int Most = 50_000;

    private const string ReadScript = """
        redis.call('HSETNX', KEYS[1], 'all', ARGV[1])
        local found = redis.call('HMGET', KEYS[1], 'all', ARGV[2], ARGV[3])
        return { found[1] or '', found[2] or '', found[3] or '' }
        """;

    private const string RaiseScript = """
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
        return { ARGV[2] }
        """;

    private readonly ConcurrentDictionary<CacheSpace, Known> _known = new();

    private readonly record struct Known(string Stamp, long ReadAt);

    public ValueTask<string> OfAsync(CacheSpace space) =>
        _known.TryGetValue(space, out var known) && time.GetElapsedTime(known.ReadAt) < Fresh
            ? new ValueTask<string>(known.Stamp)
            : new(ReadAsync(space));

    /// <summary>False when Redis is gone: then it holds on this server only.</summary>
    /// <param name="field">What is given up: <c>all</c>, or what <see cref="NamespaceField"/> and <see cref="UserField"/> say.</param>
    public async Task<bool> RaiseAsync(TenantId tenant, string field)
    {
        var raised = await redis.RunAsync(RaiseScript, [KeyOf(tenant)], [field, NewStamp()]);
        foreach (var space in _known.Keys.Where(space => space.Tenant == tenant))
        {
            if (raised is null)
            {
                _known[space] = new Known(NewStamp(), time.GetTimestamp());
            }
            else
            {
                _known.TryRemove(space, out _);
            }
        }

        return raised is not null;
    }

    public static string NamespaceField(string name) => $"namespace:{name}";

    public static string UserField(Guid user) => $"user:{user:n}";

    private async Task<string> ReadAsync(CacheSpace space)
    {
        var began = time.GetTimestamp();
        var read = await hurried.OrNothingAsync(() =>
            redis.RunAsync(
                ReadScript,
                [KeyOf(space.Tenant)],
                [NewStamp(), NamespaceField(space.Namespace), space.UserId is { } user ? UserField(user) : "nobody"]
            )
        );
        if (_known.Count > Most)
        {
            _known.Clear();
        }

        return _known
            .AddOrUpdate(
                space,
                // Redis was never there: answers stay in this process.
                _ => new Known(read is null ? NewStamp() : string.Join('.', read), began),
                (_, known) => new Known(read is null ? known.Stamp : string.Join('.', read), began)
            )
            .Stamp;
    }

    private static string KeyOf(TenantId tenant) => CacheSpace.PrefixOf(tenant) + "stamps";

    private static string NewStamp() => RandomNumberGenerator.GetHexString(12, lowercase: true);
}
