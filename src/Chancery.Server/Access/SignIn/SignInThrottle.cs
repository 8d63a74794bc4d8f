using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Access.SignIn;

/// <summary>
/// Slows guessing: attempts per e-mail and address, and failures per address, in windows of 15 minutes; and sign-ups per
/// address, in windows of an hour.
/// </summary>
/// <remarks>
/// No count belongs to the e-mail alone, so that nobody can lock somebody else out; and a browser in which the person signed
/// in before (<see cref="KnownDevices"/>) has a count of its own, so that not even a neighbour behind the same address can. With Redis gone each process counts
/// for itself. An address is an IPv4 address or an IPv6 network of 64 bits. Safe for concurrent use.
/// </remarks>
internal sealed class SignInThrottle(RedisGateway redis, AccessSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan SignUpWindow = TimeSpan.FromHours(1);

    // A key names its window, so that one kept for longer than its window is never read again.
    private readonly ExpiringCache<string, StrongBox> _local = new(time, SignUpWindow, capacity: 50_000);

    private sealed class StrongBox
    {
        public long Count;
    }

    /// <summary>Counts one attempt. <c>null</c> lets it through; otherwise how long to wait.</summary>
    /// <param name="device">The known browser that it comes from; null for any other.</param>
    public async Task<TimeSpan?> EnterAsync(string email, string address, string? device)
    {
        var now = time.GetUtcNow();
        if (device is not null)
        {
            return
                await CountAsync(KeyOf("device-person", $"{email}\n{device}", now, Window), Window)
                > settings.FailuresPerPerson
                ? WindowEnd(now, Window) - now
                : null;
        }

        var failures = await ReadAsync(AddressKey(address, now));
        return
            failures >= settings.FailuresPerAddress
            || await CountAsync(PersonKey(email, address, now), Window) > settings.FailuresPerPerson
            ? WindowEnd(now, Window) - now
            : null;
    }

    /// <summary>Counts one attempt to sign up. <c>null</c> lets it through; otherwise how long to wait.</summary>
    public async Task<TimeSpan?> EnterSignUpAsync(string address)
    {
        var now = time.GetUtcNow();
        var most = IsThisMachine(address) ? settings.SignUpsFromThisMachine : settings.SignUpsPerAddress;
        return await CountAsync(KeyOf("sign-up", NetworkOf(address), now, SignUpWindow), SignUpWindow) > most
            ? WindowEnd(now, SignUpWindow) - now
            : null;
    }

    /// <summary>
    /// Counts one attempt at a second factor. <c>null</c> lets it through; otherwise how long to wait. From wherever: whoever comes
    /// here knows the person's password, and six digits are few.
    /// </summary>
    /// <param name="confinement">Where a sign-in by an organisation's own issuer counts: it locks nobody out elsewhere.</param>
    public async Task<TimeSpan?> EnterFactorAsync(Guid userId, TenantId? confinement = null)
    {
        var now = time.GetUtcNow();
        return await CountAsync(FactorKey(userId, confinement, now), Window) > settings.FailuresPerPerson
            ? WindowEnd(now, Window) - now
            : null;
    }

    /// <summary>The second factor was right: earlier typing errors are forgiven.</summary>
    public async Task FactorSucceededAsync(Guid userId, TenantId? confinement = null)
    {
        var key = FactorKey(userId, confinement, time.GetUtcNow());
        _local.Drop(key);
        await redis.SetAsync(key, "0", Window);
    }

    /// <summary>Counts one of some kind of call from an address; <c>false</c> when there were more than <paramref name="most"/> in 15 minutes.</summary>
    public async Task<bool> EnterAsync(string kind, string address, int most) =>
        await CountAsync(KeyOf(kind, NetworkOf(address), time.GetUtcNow(), Window), Window) <= most;

    /// <summary>The call was right: the wrong ones of its kind from there are forgotten.</summary>
    public async Task ForgiveAsync(string kind, string address)
    {
        var key = KeyOf(kind, NetworkOf(address), time.GetUtcNow(), Window);
        _local.Drop(key);
        await redis.SetAsync(key, "0", Window);
    }

    /// <summary>The attempt failed; of a known device it says nothing about the others of its address.</summary>
    public Task FailedAsync(string address, string? device) =>
        device is null ? CountAsync(AddressKey(address, time.GetUtcNow()), Window) : Task.CompletedTask;

    /// <summary>The attempt was right: earlier typing errors are forgiven.</summary>
    public async Task SucceededAsync(string email, string address, string? device)
    {
        var now = time.GetUtcNow();
        var key = device is null
            ? PersonKey(email, address, now)
            : KeyOf("device-person", $"{email}\n{device}", now, Window);
        _local.Drop(key);
        await redis.SetAsync(key, "0", Window);
    }

    private async Task<long> CountAsync(string key, TimeSpan window)
    {
        if (await redis.CountAsync(key, window) is { } count)
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

    private static string AddressKey(string address, DateTimeOffset now) =>
        KeyOf("address", NetworkOf(address), now, Window);

    private static string PersonKey(string email, string address, DateTimeOffset now) =>
        KeyOf("person", $"{email}\n{NetworkOf(address)}", now, Window);

    private static string FactorKey(Guid userId, TenantId? confinement, DateTimeOffset now) =>
        KeyOf("factor", confinement is { } tenant ? $"{userId}\n{tenant}" : userId.ToString(), now, Window);

    // Hashed, so that no e-mail stands in Redis.
    private static string KeyOf(string kind, string subject, DateTimeOffset now, TimeSpan window)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject)).AsSpan(0, 16));
        return $"chancery:sign-in:{kind}:{hash}:{WindowEnd(now, window).ToUnixTimeSeconds()}";
    }

    private static DateTimeOffset WindowEnd(DateTimeOffset now, TimeSpan window) =>
        new((now.UtcTicks / window.Ticks + 1) * window.Ticks, TimeSpan.Zero);

    // Whoever has one IPv6 address has the 2^64 of its network. An IPv4 address stays one, however it is written.
    private static string NetworkOf(string address)
    {
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (ip.IsIPv4MappedToIPv6)
        {
            return ip.MapToIPv4().ToString();
        }

        var bytes = ip.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }

    private static bool IsThisMachine(string address) =>
        address == Transport.NoAddress || (IPAddress.TryParse(address, out var ip) && IPAddress.IsLoopback(ip));
}
