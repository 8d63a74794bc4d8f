using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Access.SignIn;

/// <summary>Slows guessing: attempts per e-mail and address, and failures per address, in windows of 15 minutes.</summary>
/// <remarks>
/// No count belongs to the e-mail alone, so that nobody can lock somebody else out. With Redis gone each process counts
/// for itself. Safe for concurrent use.
/// </remarks>
internal sealed class SignInThrottle(RedisGateway redis, AccessSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    private readonly ExpiringCache<string, StrongBox> _local = new(time, Window, capacity: 50_000);

    private sealed class StrongBox
    {
        public long Count;
    }

    /// <summary>Counts one attempt. <c>null</c> lets it through; otherwise how long to wait.</summary>
    public async Task<TimeSpan?> EnterAsync(string email, string address)
    {
        var now = time.GetUtcNow();
        var failures = await ReadAsync(AddressKey(address, now));
        return
            failures >= settings.FailuresPerAddress
            || await CountAsync(PersonKey(email, address, now)) > settings.FailuresPerPerson
            ? WindowEnd(now) - now
            : null;
    }

    /// <summary>The attempt failed.</summary>
    public Task FailedAsync(string address) => CountAsync(AddressKey(address, time.GetUtcNow()));

    /// <summary>The attempt was right: earlier typing errors are forgiven.</summary>
    public async Task SucceededAsync(string email, string address)
    {
        var key = PersonKey(email, address, time.GetUtcNow());
        _local.Drop(key);
        await redis.SetAsync(key, "0", Window);
    }

    private async Task<long> CountAsync(string key)
    {
        if (await redis.CountAsync(key, Window) is { } count)
        {
            return count;
        }

        if (!_local.TryGet(key, out var box))
        {
            _local.Set(key, box = new StrongBox(), _local.Generation);
        }

        return Interlocked.Increment(ref box.Count);
    }

    private async Task<long> ReadAsync(string key) =>
        await redis.GetAsync(key) is { } text
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
        : _local.TryGet(key, out var box) ? Volatile.Read(ref box.Count)
        : 0;

    private static string AddressKey(string address, DateTimeOffset now) => KeyOf("address", address, now);

    private static string PersonKey(string email, string address, DateTimeOffset now) =>
        KeyOf("person", $"{email}\n{address}", now);

    // Hashed, so that no e-mail stands in Redis.
    private static string KeyOf(string kind, string subject, DateTimeOffset now)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject)).AsSpan(0, 16));
        return $"chancery:sign-in:{kind}:{hash}:{WindowEnd(now).ToUnixTimeSeconds()}";
    }

    private static DateTimeOffset WindowEnd(DateTimeOffset now) =>
        new((now.UtcTicks / Window.Ticks + 1) * Window.Ticks, TimeSpan.Zero);
}
