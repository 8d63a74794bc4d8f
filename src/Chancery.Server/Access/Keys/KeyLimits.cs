using System.Globalization;
using System.Runtime.CompilerServices;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Access.Keys;

/// <summary>What the request's key may do in a minute; with the request where the key says.</summary>
internal sealed record KeyLimit(int RequestsPerMinute);

/// <summary>
/// Counts the requests of keys that have a limit of their own, in windows of a minute on all servers together; while Redis is gone
/// each server counts for itself. Runs after authentication, whether the request is allowed or not.
/// </summary>
internal sealed class KeyLimits(RequestDelegate next, RedisGateway redis, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // A name holds its window, so that a count that is kept for longer is never read again.
    private readonly ExpiringCache<string, StrongBox<long>> _local = new(time, 2 * Window, capacity: 20_000);

    public async Task InvokeAsync(HttpContext context)
    {
        if (
            context.Features.Get<KeyLimit>() is not { RequestsPerMinute: var most }
            || context.Features.Get<Principal>() is not { } key
        )
        {
            await next(context);
            return;
        }

        var now = time.GetUtcNow();
        var end = new DateTimeOffset((now.UtcTicks / Window.Ticks + 1) * Window.Ticks, TimeSpan.Zero);
        // All of a tenant's counts go to one place of a cluster.
        var tenant = key.Tenant.Value.ToString("n");
        var window = end.ToUnixTimeSeconds();
        var count = await CountAsync(
            string.Create(CultureInfo.InvariantCulture, $"{{{tenant}}}:key-requests:{key.Id:n}:{window}")
        );
        var seconds = (int)Math.Ceiling((end - now).TotalSeconds);
        var headers = context.Response.Headers;
        headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"key\";q={most};w=60");
        headers["RateLimit"] = string.Create(
            CultureInfo.InvariantCulture,
            $"\"key\";r={Math.Max(0, most - count)};t={seconds}"
        );
        if (count <= most)
        {
            await next(context);
            return;
        }

        headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await Problem
            .TooManyRequests($"This key may call {most} times a minute. Try again in {seconds} s.")
            .ExecuteAsync(context);
    }

    private async Task<long> CountAsync(string name)
    {
        if (await redis.CountAsync(name, Window) is { } count)
        {
            return count;
        }

        if (!_local.TryGet(name, out var box))
        {
            _local.Set(name, box = new StrongBox<long>(), _local.Generation);
        }

        return Interlocked.Increment(ref box.Value);
    }
}
