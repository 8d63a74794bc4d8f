using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Caching;

/// <summary>
/// Whole answers, by everything that they answer: in this process, and in Redis for all servers. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Every answer ends by itself. Without Redis the first level goes on alone. What Redis has is encrypted under the tenant's data key.
/// </remarks>
public sealed class AnswerCache
{
    /// <summary>Other processes hear here of names that are gone.</summary>
    internal const string GoneChannel = "chancery:answers:gone";

    // What a document's list of answers holds at most; what is beyond it ends by its time.
    private const string StoreScript = """
        for i = 2, #KEYS, 2 do
          if redis.call('EXISTS', KEYS[i + 1]) == 1 then return { 'gone' } end
        end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        for i = 2, #KEYS, 2 do
          if redis.call('SCARD', KEYS[i]) < 10000 then
            redis.call('SADD', KEYS[i], KEYS[1])
            redis.call('PEXPIRE', KEYS[i], ARGV[2])
          end
        end
        return { 'stored' }
        """;

    private const string ForgetScript = """
        local names = redis.call('SMEMBERS', KEYS[1])
        for i = 1, #names, 1000 do
          redis.call('UNLINK', unpack(names, i, math.min(i + 999, #names)))
        end
        redis.call('UNLINK', KEYS[1])
        redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
        return names
        """;

    // How long an answer that is on its way may still come after its document was deleted.
    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(10);

    private readonly AnswerCacheOptions _options;
    private readonly ProcessAnswers _process;
    private readonly CacheStamps _stamps;
    private readonly CacheCounts _counts;
    private readonly RedisGateway _redis;
    private readonly Hurried _hurried;
    private readonly IDataKeys _keys;
    private readonly InferenceMeter _meter;
    private readonly TimeProvider _time;
    private readonly ILogger<AnswerCache> _logger;

    internal AnswerCache(
        AnswerCacheOptions options,
        ProcessAnswers process,
        CacheStamps stamps,
        CacheCounts counts,
        RedisGateway redis,
        Hurried hurried,
        IDataKeys keys,
        InferenceMeter meter,
        TimeProvider time,
        ILogger<AnswerCache> logger
    )
    {
        (_options, _process, _stamps, _counts, _redis, _hurried, _keys, _meter, _time, _logger) = (
            options,
            process,
            stamps,
            counts,
            redis,
            hurried,
            keys,
            meter,
            time,
            logger
        );
    }

    public AnswerCacheOptions Options => _options;

    /// <summary>Whether Redis has so little memory left that nothing more is stored there.</summary>
    internal bool IsRedisFull { get; set; }

    /// <summary>The name of an answer now. Told before the model is asked, so that an answer from before an invalidation is not found after it.</summary>
    internal async ValueTask<string> NameAsync(AnswerCacheKey key) => key.Name(await _stamps.OfAsync(key.Space));

    /// <summary>Of this process alone, and not counted; null where there is none.</summary>
    internal CachedAnswer? FindHere(string name) => _process.Find(name);

    /// <summary>Null where there is none.</summary>
    /// <param name="name">What <see cref="NameAsync"/> said.</param>
    internal async ValueTask<CachedAnswer?> FindAsync(
        AnswerCacheKey key,
        string name,
        CancellationToken cancellationToken
    )
    {
        if (_process.Find(name) is { } here)
        {
            _meter.CacheAsked("process", "hit");
            _counts.Process.Hit();
            return here;
        }

        _meter.CacheAsked("process", "miss");
        _counts.Process.Miss();
        var there = await ReadAsync(key.Space.Tenant, name, cancellationToken);
        _meter.CacheAsked("redis", there is null ? "miss" : "hit");
        if (there is null)
        {
            _counts.Redis.Miss();
            return null;
        }

        _counts.Redis.Hit();
        _process.Keep(name, there);
        return there;
    }

    /// <summary>Null where there is none.</summary>
    public async Task<CachedAnswer?> FindAsync(AnswerCacheKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _options.IsOn ? await FindAsync(key, await NameAsync(key), cancellationToken) : null;
    }

    /// <summary>False where only this process has it.</summary>
    public async Task<bool> StoreAsync(AnswerCacheKey key, CachedAnswer answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(answer);
        return _options.IsOn && await StoreAsync(key.Space.Tenant, await NameAsync(key), answer, cancellationToken);
    }

    /// <summary>Many of one tenant's, in one pipeline. False where only this process has them.</summary>
    public async Task<bool> StoreAllAsync(
        TenantId tenant,
        IReadOnlyList<(AnswerCacheKey Key, CachedAnswer Answer)> answers,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(answers);
        if (!_options.IsOn || answers.Count == 0 || answers.Any(entry => entry.Key.Space.Tenant != tenant))
        {
            return false;
        }

        var dataKey = await _keys.GetAsync(tenant, cancellationToken);
        var entries = new List<(string, byte[], TimeSpan)>(answers.Count);
        foreach (var (key, answer) in answers)
        {
            var name = await NameAsync(key);
            _process.Keep(name, answer);
            if (answer.ExpiresAt - _time.GetUtcNow() is { } left && left > TimeSpan.Zero)
            {
                entries.Add((name, SealedAnswer.Seal(answer, dataKey, name), left));
            }
        }

        return !IsRedisFull && await _redis.SetAllAsync(entries);
    }

    /// <param name="name">What <see cref="NameAsync"/> said before the model was asked.</param>
    internal async Task<bool> StoreAsync(
        TenantId tenant,
        string name,
        CachedAnswer answer,
        CancellationToken cancellationToken
    )
    {
        var left = answer.ExpiresAt - _time.GetUtcNow();
        if (left <= TimeSpan.Zero || answer.Text.Length + (answer.Reasoning?.Length ?? 0) > CachedAnswer.LongestText)
        {
            return false;
        }

        _process.Keep(name, answer);
        if (IsRedisFull)
        {
            return false;
        }

        var dataKey = await _keys.GetAsync(tenant, cancellationToken);
        var documents = answer.Documents.SelectMany(document =>
            (string[])[ListOf(tenant, document), GoneOf(tenant, document)]
        );
        var stored = await _hurried.OrNothingAsync(() =>
            _redis.RunAsync(
                StoreScript,
                [name, .. documents],
                [SealedAnswer.Seal(answer, dataKey, name), Milliseconds(left)]
            )
        );
        if (stored is ["gone"])
        {
            _process.Remove(name);
        }

        return stored is ["stored"];
    }

    /// <summary>
    /// Takes away every answer that rests on one of these documents, on all servers, and lets none that is on its way be stored. Never throws.
    /// </summary>
    public async Task ForgetDocumentsAsync(TenantId tenant, IEnumerable<Guid> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (!_options.IsOn)
        {
            return;
        }

        foreach (var document in documents)
        {
            var names = await _redis.RunAsync(
                ForgetScript,
                [ListOf(tenant, document), GoneOf(tenant, document)],
                [Milliseconds(LongestCall)]
            );
            if (names is null)
            {
                Log.NotForgotten(_logger);
                // Nobody can say which they are: all of the tenant's in this process.
                _process.RemoveAll(CacheSpace.PrefixOf(tenant));
                return;
            }

            if (names.Length > 0)
            {
                Gone(names);
                await _redis.PublishAsync(GoneChannel, string.Join('\n', names));
            }
        }
    }

    /// <summary>
    /// Gives up a tenant's answers: all, those of a namespace, or those of one person's own. At once on this server, within a second on
    /// all others.
    /// </summary>
    /// <returns>How many were taken out of Redis; null when it is gone.</returns>
    public async Task<long?> InvalidateAsync(
        TenantId tenant,
        string? name,
        Guid? userId,
        CancellationToken cancellationToken
    )
    {
        string[] prefixes = (name, userId) switch
        {
            (null, null) => [.. CacheNamespace.All.Select(kind => $"{CacheSpace.PrefixOf(tenant)}{kind}:")],
            ({ } kind, null) => [$"{CacheSpace.PrefixOf(tenant)}{kind}:"],
            (null, { } user) => [.. CacheNamespace.All.Select(kind => new CacheSpace(tenant, kind, user).Prefix)],
            ({ } kind, { } user) => [new CacheSpace(tenant, kind, user).Prefix],
        };
        // The word first: what is stored from now on has the new one, and is not swept away with the old.
        await _stamps.RaiseAsync(
            tenant,
            userId is { } person ? CacheStamps.UserField(person)
                : name is not null ? CacheStamps.NamespaceField(name)
                : "all"
        );
        long? removed = 0;
        foreach (var prefix in prefixes)
        {
            _process.RemoveAll(prefix);
            removed += await _redis.RemoveAllAsync(prefix, cancellationToken);
            await _redis.PublishAsync(GoneChannel, prefix + "*");
        }

        return removed;
    }

    /// <summary>Gives up all that this process holds of the tenant's.</summary>
    internal void ForgetHere(TenantId tenant) => _process.RemoveAll(CacheSpace.PrefixOf(tenant));

    /// <summary>What another server said: names, line by line; one that ends in a star is what many begin with.</summary>
    internal void Heard(string message) => Gone(message.Split('\n'));

    private void Gone(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (name.EndsWith('*'))
            {
                _process.RemoveAll(name[..^1]);
            }
            else
            {
                _process.Remove(name);
            }
        }
    }

    private async Task<CachedAnswer?> ReadAsync(TenantId tenant, string name, CancellationToken cancellationToken)
    {
        if (await _hurried.OrNothingAsync(() => _redis.GetBytesAsync(name)) is not { } kept)
        {
            return null;
        }

        var answer = SealedAnswer.Open(kept, await _keys.GetAsync(tenant, cancellationToken), name);
        if (answer is null)
        {
            Log.Unreadable(_logger);
        }

        return answer is { } whole && whole.ExpiresAt > _time.GetUtcNow() ? whole : null;
    }

    private static string ListOf(TenantId tenant, Guid document) =>
        $"{CacheSpace.PrefixOf(tenant)}document:{document:n}";

    private static string GoneOf(TenantId tenant, Guid document) =>
        $"{CacheSpace.PrefixOf(tenant)}deleted:{document:n}";

    private static string Milliseconds(TimeSpan time) =>
        ((long)Math.Ceiling(time.TotalMilliseconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
