using System.Globalization;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Limits.Windows;

/// <summary>
/// Counts requests in fixed windows that are aligned in UTC: in all of a request's rules or in none, by one script and by the clock of
/// Redis, so that servers whose clocks differ agree. While Redis is gone each server counts for itself. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A subject is one hash, with what was taken and given back and the end of its window for each limit. A clock that is set back gives nobody more: a window
/// goes on until it would have ended, and a whole window longer at most. Each server remembers what it last saw of a window: a Redis
/// that comes back empty in the middle of one is told, and while it is gone the server counts on from there.
/// </remarks>
public sealed class RateWindows(RedisGateway redis, TimeProvider time)
{
    // KEYS: the hash of each rule. ARGV: milliseconds now, or nothing for the clock of Redis; 1 to take, 0 to look; then of each rule
    // name, most, milliseconds of the window, and what was taken, given back and the end as the server last saw them. Answers which is
    // refused, or -1; now; then taken, given back and end of each. The larger of two counts of one window is the later one.
    private const string Script = """
        local now = tonumber(ARGV[1])
        if not now then
          local t = redis.call('TIME')
          now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        end
        local taken, backs, ends, refused = {}, {}, {}, 0
        for i = 1, #KEYS do
          local at = 6 * i - 3
          local field, most, window = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
          local found = redis.call('HMGET', KEYS[i], field .. ':count', field .. ':returned', field .. ':reset_time')
          local count, back, reset = tonumber(found[1] or '0'), tonumber(found[2] or '0'), tonumber(found[3] or '0')
          local seen, seen_back, seen_end = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
          if seen_end > now and seen_end - now <= window and seen_end >= reset then
            if seen_end == reset then
              count, back = math.max(count, seen), math.max(back, seen_back)
            elseif reset <= now or seen - seen_back > count - back then
              count, back = seen, seen_back
            end
            reset = seen_end
          end
          if now >= reset then
            count, back = 0, 0
            reset = (math.floor(now / window) + 1) * window
          elseif reset - now > window then
            reset = now + window
            redis.call('HSET', KEYS[i], field .. ':reset_time', string.format('%.0f', reset))
          end
          taken[i], backs[i], ends[i] = count, back, reset
          if count - back >= most and (refused == 0 or reset > ends[refused]) then refused = i end
        end
        if refused == 0 and ARGV[2] == '1' then
          for i = 1, #KEYS do
            taken[i] = taken[i] + 1
            local field, left = ARGV[6 * i - 3], ends[i] - now
            redis.call('HSET', KEYS[i], field .. ':count', string.format('%.0f', taken[i]),
              field .. ':returned', string.format('%.0f', backs[i]), field .. ':reset_time', string.format('%.0f', ends[i]))
            if redis.call('PTTL', KEYS[i]) < left then redis.call('PEXPIRE', KEYS[i], left) end
          end
        end
        local told = { tostring(refused - 1), string.format('%.0f', now) }
        for i = 1, #KEYS do
          told[#told + 1] = string.format('%.0f', taken[i])
          told[#told + 1] = string.format('%.0f', backs[i])
          told[#told + 1] = string.format('%.0f', ends[i])
        end
        return told
        """;

    // KEYS: the hash of each rule. ARGV: of each its name, and the end of the window that counted the request. A window that is over is
    // left alone. Answers what was given back of each, or -1.
    private const string GiveBackScript = """
        local told = {}
        for i = 1, #KEYS do
          local field = ARGV[2 * i - 1]
          local found = redis.call('HMGET', KEYS[i], field .. ':count', field .. ':returned', field .. ':reset_time')
          local back = '-1'
          if found[3] == ARGV[2 * i] and tonumber(found[1] or '0') > tonumber(found[2] or '0') then
            back = tostring(redis.call('HINCRBY', KEYS[i], field .. ':returned', 1))
          end
          told[i] = back
        end
        return told
        """;

    private const int FieldsOfRule = 6;
    private const int ToldOfRule = 3;

    private readonly LocalWindows _local = new();

    /// <summary>For tests of clocks that step: what Redis takes for now, in milliseconds since 1970; null for its own clock.</summary>
    internal Func<long>? Clock { get; init; }

    /// <summary>Counts a request in all rules, or in none when one is used up.</summary>
    /// <param name="rules">At least one; all their keys in one place of a cluster.</param>
    public Task<WindowOutcome> TakeAsync(IReadOnlyList<WindowRule> rules) => RunAsync(rules, takes: true);

    /// <summary>Where the rules stand, counting nothing.</summary>
    public Task<WindowOutcome> LookAsync(IReadOnlyList<WindowRule> rules) => RunAsync(rules, takes: false);

    /// <summary>Gives back a request that passed and came to nothing, to the windows that counted it, as far as they are not over.</summary>
    /// <returns>Where they stand then.</returns>
    public async Task<IReadOnlyList<WindowState>> GiveBackAsync(IReadOnlyList<WindowState> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        var told = await redis.RunAsync(
            GiveBackScript,
            [.. states.Select(state => state.Rule.Key)],
            [.. states.SelectMany(state => new object[] { state.Rule.Name, Text(EndOf(state)) })]
        );
        for (var i = 0; i < states.Count; i++)
        {
            // A Redis that is gone, or was emptied, learns of it with the next request.
            long? returned = told is not null && Number(told[i]) is >= 0 and var shared ? shared : null;
            _local.GiveBack(states[i].Rule, EndOf(states[i]), returned);
        }

        return [.. states.Select(state => state with { Used = Math.Max(0, state.Used - 1) })];
    }

    private async Task<WindowOutcome> RunAsync(IReadOnlyList<WindowRule> rules, bool takes)
    {
        ArgumentNullException.ThrowIfNull(rules);
        var arguments = new List<object>(2 + FieldsOfRule * rules.Count)
        {
            Clock is { } clock ? Text(clock()) : "",
            takes ? "1" : "0",
        };
        foreach (var rule in rules)
        {
            arguments.Add(rule.Name);
            arguments.Add(Text(rule.Most));
            arguments.Add(Text((long)rule.Window.TotalMilliseconds));
            var seen = _local.Seen(rule);
            arguments.Add(Text(seen.Taken));
            arguments.Add(Text(seen.Returned));
            arguments.Add(Text(seen.End));
        }

        if (await redis.RunAsync(Script, [.. rules.Select(rule => rule.Key)], arguments) is { } told)
        {
            var now = Number(told[1]);
            var shared = new WindowCount[rules.Count];
            for (var i = 0; i < shared.Length; i++)
            {
                var at = 2 + ToldOfRule * i;
                shared[i] = new WindowCount(Number(told[at]), Number(told[at + 1]), Number(told[at + 2]));
                _local.See(rules[i], shared[i], now);
            }

            return OutcomeOf(rules, (int)Number(told[0]), now, shared, isShared: true);
        }

        var local = Clock?.Invoke() ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        var (refused, counts) = _local.Run(rules, local, takes);
        return OutcomeOf(rules, refused, local, counts, isShared: false);
    }

    private static WindowOutcome OutcomeOf(
        IReadOnlyList<WindowRule> rules,
        int refused,
        long now,
        WindowCount[] counts,
        bool isShared
    )
    {
        var states = new WindowState[rules.Count];
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = new WindowState(
                rules[i],
                counts[i].Used,
                DateTimeOffset.FromUnixTimeMilliseconds(counts[i].End),
                TimeSpan.FromMilliseconds(counts[i].End - now)
            );
        }

        return new WindowOutcome(states, refused < 0 ? null : states[refused], isShared);
    }

    private static long EndOf(WindowState state) => state.ResetsAt.ToUnixTimeMilliseconds();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
