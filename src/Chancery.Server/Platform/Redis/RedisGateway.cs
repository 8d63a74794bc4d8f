using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Chancery.Server.Platform.Settings;
using StackExchange.Redis;

namespace Chancery.Server.Platform.Redis;

/// <summary>Every use of Redis goes through here, so that another client library is one file.</summary>
/// <remarks>
/// Redis holds only what may be lost. No operation here throws when Redis is gone: reads answer <c>null</c>, writes
/// <c>false</c>, and the callers say what they do without it. A Redis that is there and says nothing counts as gone, too:
/// the client library itself would wait for ever. Safe for concurrent use.
/// </remarks>
public sealed class RedisGateway : IAsyncDisposable
{
    /// <summary>Far beyond the library's own bound for connecting, which does not always hold.</summary>
    private static readonly TimeSpan ConnectingHangs = TimeSpan.FromSeconds(30);

    private const int KeysAtOnce = 500;
    private const int MostClients = RedisTuning.MostConnections / RedisTuning.ConnectionsOfClient;

    /// <summary>For what is done in many steps.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(60);

    private static readonly ActivitySource Spans = new("Chancery.Redis");

    private readonly Counter<long>? _requests;
    private readonly ILogger<RedisGateway> _logger;
    private readonly ConfigurationOptions _options;
    private readonly Lock _gate = new();
    private readonly Task<ConnectionMultiplexer>?[] _clients = new Task<ConnectionMultiplexer>?[MostClients];
    private int _turn;
    private long _leftAloneUntil;
    private string? _identity;
    private int _breaks;

    /// <param name="configuration">
    /// StackExchange.Redis form, the password last: <c>127.0.0.1:6379,password=…</c>. It may hold commas.
    /// </param>
    /// <param name="meters">Counts what is asked, and reads that found nothing.</param>
    /// <param name="tls">Null where Redis is reached without TLS.</param>
    /// <exception cref="SettingException">A file of <paramref name="tls"/> cannot be used.</exception>
    public RedisGateway(
        string configuration,
        ILogger<RedisGateway> logger,
        IMeterFactory? meters = null,
        RedisTls? tls = null
    )
    {
        _requests = meters
            ?.Create("Chancery.Redis")
            .CreateCounter<long>("redis_requests_total", description: "What Redis was asked, by how that ended.");
        _logger = logger;
        _options = Parse(configuration);
        _options.AbortOnConnectFail = false;
        _options.ConnectTimeout = 5000;
        _options.ConnectRetry = 3;
        _options.SyncTimeout = 5000;
        if (tls is not null)
        {
            var host = RedisTransport.HostOf(_options.EndPoints[0]);
            var transport = new RedisTransport(tls, host, logger, TimeProvider.System);
            _options.Ssl = true;
            _options.SslHost = host;
            _options.CertificateValidation += transport.Validate;
            _options.CertificateSelection += transport.Select;
        }
    }

    /// <summary>How long an answer may take before Redis counts as gone; then it is left alone for as long.</summary>
    public TimeSpan Patience { get; init; } = RedisTuning.Default.Timeout;

    /// <summary>
    /// The most connections. Two are one client, which is enough: everything goes through it at once and in order. With more, large
    /// values have clients of their own, so that nothing waits behind them.
    /// </summary>
    public int MaxConnections { get; init; } = RedisTuning.Default.MaxConnections;

    /// <summary>Whether Redis answers right now.</summary>
    public async Task<TimeSpan?> PingAsync() => await TryAsync<TimeSpan?>(async db => await db.PingAsync());

    public Task<string?> GetAsync(string key) => TryAsync<string?>(async db => await db.StringGetAsync(key));

    public Task<bool> SetAsync(string key, string value, TimeSpan expiry) =>
        TryAsync(db => db.StringSetAsync(key, value, expiry));

    /// <summary>A value as it is; null where there is none, and when Redis is gone.</summary>
    public Task<byte[]?> GetBytesAsync(string key) =>
        TryAsync<byte[]?>(async db => await db.StringGetAsync(key), client: ClientOfLargeValues());

    /// <summary>Sets many in one pipeline; <c>false</c> when Redis is gone, which may have some of them then.</summary>
    public Task<bool> SetAllAsync(IReadOnlyList<(string Key, byte[] Value, TimeSpan Expiry)> entries) =>
        TryAsync(
            async db =>
            {
                var batch = db.CreateBatch();
                var sent = entries.Select(entry => batch.StringSetAsync(entry.Key, entry.Value, entry.Expiry)).ToList();
                batch.Execute();
                return (await Task.WhenAll(sent)).All(set => set);
            },
            client: ClientOfLargeValues()
        );

    /// <summary>
    /// Removes every key that begins so, some hundred at a time, so that Redis is never held up; <c>null</c> when Redis is gone.
    /// </summary>
    public Task<long?> RemoveAllAsync(string prefix, CancellationToken cancellationToken) =>
        RemoveMatchingAsync(Literally(prefix) + "*", cancellationToken);

    /// <summary>Removes every key that has <paramref name="part"/> in its name, as the other does; <c>null</c> when Redis is gone.</summary>
    public Task<long?> RemoveAllWithAsync(string part, CancellationToken cancellationToken) =>
        RemoveMatchingAsync("*" + Literally(part) + "*", cancellationToken);

    private Task<long?> RemoveMatchingAsync(string pattern, CancellationToken cancellationToken) =>
        TryAsync<long?>(
            async db =>
            {
                long removed = 0;
                var cursor = "0";
                do
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var page = (RedisResult[])
                        await db.ExecuteAsync("SCAN", cursor, "MATCH", pattern, "COUNT", KeysAtOnce);
                    cursor = (string)page[0];
                    if ((RedisKey[])page[1] is { Length: > 0 } keys)
                    {
                        removed += (long)await db.ExecuteAsync("UNLINK", [.. keys.Cast<object>()]);
                    }
                } while (cursor != "0");

                return removed;
            },
            LongPatience
        );

    public Task<bool> RemoveAsync(string key) => TryAsync(db => db.KeyDeleteAsync(key));

    /// <summary>Sets a field of a hash; the whole hash then lives for <paramref name="expiry"/>.</summary>
    public Task<bool> HashSetAsync(string key, string field, string value, TimeSpan expiry) =>
        TryAsync(async db =>
        {
            // Both or neither: a field without an end would stay for ever.
            await db.ScriptEvaluateAsync(
                """
                redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
                redis.call('PEXPIRE', KEYS[1], ARGV[3])
                """,
                [key],
                [field, value, (long)expiry.TotalMilliseconds]
            );
            return true;
        });

    /// <summary>Reads a field of a hash, which then lives for <paramref name="expiry"/> more.</summary>
    public Task<string?> HashGetAsync(string key, string field, TimeSpan expiry) =>
        TryAsync<string?>(async db =>
        {
            var value = await db.HashGetAsync(key, field);
            if (value.HasValue)
            {
                await db.KeyExpireAsync(key, expiry);
            }

            return value;
        });

    /// <summary>The names of a hash's fields; none when Redis is gone.</summary>
    public async Task<IReadOnlyList<string>> HashFieldsAsync(string key) =>
        await TryAsync<string[]>(async db => [.. (await db.HashKeysAsync(key)).Select(field => field.ToString())])
        ?? [];

    public Task<bool> HashRemoveAsync(string key, string field) =>
        TryAsync(async db =>
        {
            await db.HashDeleteAsync(key, field);
            return true;
        });

    /// <summary>Counts one up in a fixed window that starts with its first count; <c>null</c> when Redis is gone.</summary>
    public Task<long?> CountAsync(string key, TimeSpan window) =>
        TryAsync<long?>(async db =>
            (long)
                await db.ScriptEvaluateAsync(
                    """
                    local n = redis.call('INCR', KEYS[1])
                    if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
                    return n
                    """,
                    [key],
                    [(long)window.TotalMilliseconds]
                )
        );

    /// <summary>Whether it has vector sets, as Redis has since 8.0; null when Redis is gone.</summary>
    public Task<bool?> HasVectorSetsAsync() =>
        TryAsync<bool?>(async db =>
            (int)await db.ScriptEvaluateAsync("return redis.call('COMMAND', 'INFO', 'VSIM')[1] and 1 or 0") == 1
        );

    /// <summary>
    /// Runs a script that answers a list of strings, whole and alone; <c>null</c> when Redis is gone, or the script fails.
    /// </summary>
    /// <param name="arguments">Strings, or bytes as they are.</param>
    public Task<string[]?> RunAsync(string script, string[] keys, IReadOnlyList<object> arguments) =>
        TryAsync<string[]>(async db =>
            (string[])
                await db.ScriptEvaluateAsync(
                    script,
                    [.. keys.Select(key => (RedisKey)key)],
                    [
                        .. arguments.Select(argument =>
                            argument is byte[] bytes ? (RedisValue)bytes : (RedisValue)(string)argument
                        ),
                    ]
                )
        );

    /// <summary>How often a connection broke or came back.</summary>
    public int Breaks => Volatile.Read(ref _breaks);

    /// <summary>
    /// Names the running Redis: another after it was restarted or replaced, also where it came back with older data. Null when it is gone.
    /// </summary>
    public ValueTask<string?> IdentityAsync() =>
        Volatile.Read(ref _identity) is { } known ? new ValueTask<string?>(known) : new(ReadIdentityAsync());

    /// <summary>
    /// Runs a script that nobody waits for, after everything that was sent before it. Lost when Redis is gone.
    /// </summary>
    public void Fire(string script, string[] keys, IReadOnlyList<string> arguments)
    {
        Task<ConnectionMultiplexer>? connection;
        lock (_gate)
        {
            connection = _clients[0];
        }

        if (
            connection is not { IsCompletedSuccessfully: true }
            || Environment.TickCount64 < Volatile.Read(ref _leftAloneUntil)
        )
        {
            return;
        }

        try
        {
            _ = connection
                .Result.GetDatabase()
                .ScriptEvaluateAsync(
                    script,
                    [.. keys.Select(key => (RedisKey)key)],
                    [.. arguments.Select(argument => (RedisValue)argument)],
                    CommandFlags.FireAndForget
                );
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            Log.RedisTrouble(_logger, "not available", exception);
        }
    }

    /// <summary>Tells the other processes; <c>false</c> when Redis is gone.</summary>
    public Task<bool> PublishAsync(string channel, string message) =>
        TryAsync(async db =>
        {
            await db.PublishAsync(channel, message);
            return true;
        });

    /// <summary>Calls <paramref name="receive"/> for each message, also after Redis went and came back.</summary>
    public async Task SubscribeAsync(string channel, Action<string> receive)
    {
        var connection = await ConnectAsync();
        await connection.GetSubscriber().SubscribeAsync(channel, (_, message) => receive(message!));
    }

    /// <summary>The server's INFO section as name → value; empty when Redis is gone.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section)
    {
        var text = await TryAsync<string?>(async db => (string?)await db.ExecuteAsync("INFO", section)) ?? "";
        return text.Split('\n')
            .Select(line => line.Trim().Split(':', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public async ValueTask DisposeAsync()
    {
        List<Task<ConnectionMultiplexer>> clients;
        lock (_gate)
        {
            clients = [.. _clients.OfType<Task<ConnectionMultiplexer>>()];
        }

        foreach (var connecting in clients)
        {
            if (connecting.IsCompletedSuccessfully)
            {
                var connection = await connecting;
                await connection.CloseAsync();
                connection.Dispose();
            }
            else
            {
                _ = DisposeWhenMadeAsync(connecting);
            }
        }
    }

    private async Task<T?> TryAsync<T>(
        Func<IDatabase, Task<T>> operation,
        TimeSpan? patience = null,
        int client = 0,
        [CallerMemberName] string caller = ""
    )
    {
        using var span = Spans.HasListeners() ? Spans.StartActivity($"redis {caller}", ActivityKind.Client) : null;
        span?.SetTag("db.system.name", "redis").SetTag("db.operation.name", caller);
        // Else each of a request's calls would wait in vain again.
        if (Environment.TickCount64 < Volatile.Read(ref _leftAloneUntil))
        {
            Ended(span, caller, "unavailable");
            return default;
        }

        try
        {
            var connection = await ConnectAsync(client).WaitAsync(Patience);
            var result = await operation(connection.GetDatabase()).WaitAsync(patience ?? Patience);
            Ended(
                span,
                caller,
                caller is not (nameof(GetAsync) or nameof(GetBytesAsync) or nameof(HashGetAsync)) ? "ok"
                    : result is null ? "miss"
                    : "hit"
            );
            return result;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            if (exception is TimeoutException)
            {
                Volatile.Write(ref _leftAloneUntil, Environment.TickCount64 + (long)Patience.TotalMilliseconds);
            }

            Log.RedisTrouble(_logger, "not available", exception);
            span?.SetTag("error.type", exception.GetType().Name).SetStatus(ActivityStatusCode.Error);
            Ended(span, caller, "unavailable");
            return default;
        }
    }

    private static ConfigurationOptions Parse(string configuration)
    {
        const string password = ",password=";
        var at = configuration.IndexOf(password, StringComparison.Ordinal);
        var options = ConfigurationOptions.Parse(at < 0 ? configuration : configuration[..at]);
        if (at >= 0)
        {
            options.Password = configuration[(at + password.Length)..];
        }

        return options;
    }

    /// <summary>A text in which nothing is a pattern any more.</summary>
    private static string Literally(string text) =>
        string.Concat(text.Select(letter => letter is '*' or '?' or '[' or ']' or '\\' ? $"\\{letter}" : $"{letter}"));

    private async Task<string?> ReadIdentityAsync()
    {
        var breaks = Breaks;
        var identity = (await InfoAsync("server")).GetValueOrDefault("run_id");
        if (breaks == Breaks)
        {
            Volatile.Write(ref _identity, identity);
        }

        return identity;
    }

    private void ForgetIdentity()
    {
        Interlocked.Increment(ref _breaks);
        Volatile.Write(ref _identity, null);
    }

    private void Ended(Activity? span, string operation, string outcome)
    {
        span?.SetTag("chancery.redis.outcome", outcome);
        _requests?.Add(1, new KeyValuePair<string, object?>("operation", operation), new("outcome", outcome));
    }

    private int ClientOfLargeValues()
    {
        var others = (MaxConnections / RedisTuning.ConnectionsOfClient) - 1;
        return others < 1 ? 0 : 1 + (int)((uint)Interlocked.Increment(ref _turn) % (uint)others);
    }

    private Task<ConnectionMultiplexer> ConnectAsync(int client = 0)
    {
        lock (_gate)
        {
            ref var connection = ref _clients[client];
            return connection is null or { IsFaulted: true }
                ? connection = ConnectOnceAsync(isFirst: client == 0)
                : connection;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectOnceAsync(bool isFirst)
    {
        // The library does some of its work before it answers.
        await Task.Yield();
        var connecting = ConnectionMultiplexer.ConnectAsync(_options);
        try
        {
            var connection = await connecting.WaitAsync(ConnectingHangs);
            if (isFirst)
            {
                connection.ConnectionFailed += (_, _) => ForgetIdentity();
                connection.ConnectionRestored += (_, _) => ForgetIdentity();
            }

            return connection;
        }
        catch (TimeoutException)
        {
            _ = DisposeWhenMadeAsync(connecting);
            throw;
        }
    }

    /// <summary>Nobody waits for it; whatever becomes of it, it is not kept.</summary>
    private static async Task DisposeWhenMadeAsync(Task<ConnectionMultiplexer> connecting)
    {
        try
        {
            (await connecting).Dispose();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            // It was never made.
        }
    }
}
