using System.Globalization;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Limits.Windows;

/// <summary>
/// Counts requests in fixed windows that are aligned in UTC: in all of a request's rules or in none, by one script and by the clock of
/// Redis, so that servers whose clocks differ agree. While Redis is gone each server counts for itself. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A subject is one hash, with a count and the end of its window for each limit. A clock that is set back gives nobody more: a window
/// goes on until it would have ended, and a whole window longer at most. Each server remembers what it last saw of a window: a Redis
/// that comes back empty in the middle of one is told, and while it is gone the server counts on from there.
/// </remarks>
public sealed class RateWindows(RedisGateway redis, TimeProvider time)
{
    // KEYS: the hash of each rule. ARGV: milliseconds now, or nothing for the clock of Redis; 1 to take, 0 to look; then of each rule
    // name, most, milliseconds of the window, and count and end as the server last saw them. Answers which is refused, or -1; now; then
    // count and end of each.
    private const string Script = """
        local now = tonumber(ARGV[1])
        if not now then
          local t = redis.call('TIME')
          now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        end
        local used, ends, refused = {}, {}, 0
        for i = 1, #KEYS do
          local at = 5 * i - 2
          local field, most, window = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
          local found = redis.call('HMGET', KEYS[i], field .. ':count', field .. ':reset_time')
          local count, reset = tonumber(found[1] or '0'), tonumber(found[2] or '0')
          local seen, seen_end = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
          if seen_end > now and seen_end - now <= window and seen_end >= reset then
            count = reset > now and math.max(count, seen) or seen
            reset = seen_end
          end
          if now >= reset then
            count = 0
            reset = (math.floor(now / window) + 1) * window
          elseif reset - now > window then
            reset = now + window
            redis.call('HSET', KEYS[i], field .. ':reset_time', string.format('%.0f', reset))
          end
          used[i], ends[i] = count, reset
          if count >= most and (refused == 0 or reset > ends[refused]) then refused = i end
        end
        if refused == 0 and ARGV[2] == '1' then
          for i = 1, #KEYS do
            used[i] = used[i] + 1
            local field, left = ARGV[5 * i - 2], ends[i] - now
            redis.call('HSET', KEYS[i], field .. ':count', used[i], field .. ':reset_time', string.format('%.0f', ends[i]))
            if redis.call('PTTL', KEYS[i]) < left then redis.call('PEXPIRE', KEYS[i], left) end
          end
        end
        local told = { tostring(refused - 1), string.format('%.0f', now) }
        for i = 1, #KEYS do
          told[#told + 1] = string.format('%.0f', used[i])
          told[#told + 1] = string.format('%.0f', ends[i])
        end
        return told
        """;

    private readonly LocalWindows _local = new();

    /// <summary>For tests of clocks that step: what Redis takes for now, in milliseconds since 1970; null for its own clock.</summary>
    internal Func<long>? Clock { get; init; }

    /// <summary>Counts a request in all rules, or in none when one is used up.</summary>
    /// <param name="rules">At least one; all their keys in one place of a cluster.</param>
    public Task<WindowOutcome> TakeAsync(IReadOnlyList<WindowRule> rules) => RunAsync(rules, takes: true);

    /// <summary>Where the rules stand, counting nothing.</summary>
    public Task<WindowOutcome> LookAsync(IReadOnlyList<WindowRule> rules) => RunAsync(rules, takes: false);

    private async Task<WindowOutcome> RunAsync(IReadOnlyList<WindowRule> rules, bool takes)
    {
        ArgumentNullException.ThrowIfNull(rules);
        var arguments = new List<object>(2 + 5 * rules.Count)
        {
            Clock is { } clock ? Text(clock()) : "",
            takes ? "1" : "0",
        };
        foreach (var rule in rules)
        {
            arguments.Add(rule.Name);
            arguments.Add(Text(rule.Most));
            arguments.Add(Text((long)rule.Window.TotalMilliseconds));
            var (count, end) = _local.Seen(rule);
            arguments.Add(Text(count));
            arguments.Add(Text(end));
        }

        if (await redis.RunAsync(Script, [.. rules.Select(rule => rule.Key)], arguments) is { } told)
        {
            var now = Number(told[1]);
            for (var i = 0; i < rules.Count; i++)
            {
                _local.See(rules[i], Number(told[2 + 2 * i]), Number(told[3 + 2 * i]), now);
            }

            return OutcomeOf(
                rules,
                (int)Number(told[0]),
                now,
                i => (Number(told[2 + 2 * i]), Number(told[3 + 2 * i])),
                isShared: true
            );
        }

        var local = Clock?.Invoke() ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        var (refused, counts) = _local.Run(rules, local, takes);
        return OutcomeOf(rules, refused, local, i => counts[i], isShared: false);
    }

    private static WindowOutcome OutcomeOf(
        IReadOnlyList<WindowRule> rules,
        int refused,
        long now,
        Func<int, (long Used, long End)> of,
        bool isShared
    )
    {
        var states = new WindowState[rules.Count];
        for (var i = 0; i < states.Length; i++)
        {
            var (used, end) = of(i);
            states[i] = new WindowState(
                rules[i],
                used,
                DateTimeOffset.FromUnixTimeMilliseconds(end),
                TimeSpan.FromMilliseconds(end - now)
            );
        }

        return new WindowOutcome(states, refused < 0 ? null : states[refused], isShared);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
