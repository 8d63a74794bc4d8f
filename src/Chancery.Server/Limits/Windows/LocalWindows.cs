namespace Chancery.Server.Limits.Windows;

/// <summary>
/// What <see cref="RateWindows"/> does in Redis, in this process; and what this process last saw of the counts there. Safe for
/// concurrent use.
/// </summary>
internal sealed class LocalWindows
{
    private const int MostCounts = 50_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Name), (long Count, long End)> _counts = [];

    /// <summary>The last that was counted or seen of a rule; zeros for nothing.</summary>
    public (long Count, long End) Seen(WindowRule rule)
    {
        lock (_gate)
        {
            return _counts.GetValueOrDefault((rule.Key, rule.Name));
        }
    }

    /// <summary>Remembers what was counted elsewhere. Answers may overtake each other: a window's count never falls.</summary>
    public void See(WindowRule rule, long count, long end, long now)
    {
        lock (_gate)
        {
            var known = _counts.GetValueOrDefault((rule.Key, rule.Name));
            if (end != known.End || count > known.Count)
            {
                Set(rule, (count, end), now);
            }
        }
    }

    /// <returns>Which rule is refused, or -1, and the count and the end of each.</returns>
    public (int Refused, (long Count, long End)[] Counts) Run(IReadOnlyList<WindowRule> rules, long now, bool takes)
    {
        lock (_gate)
        {
            var counts = new (long Count, long End)[rules.Count];
            var refused = -1;
            for (var i = 0; i < counts.Length; i++)
            {
                counts[i] = Of(rules[i], now);
                if (counts[i].Count >= rules[i].Most && (refused < 0 || counts[i].End > counts[refused].End))
                {
                    refused = i;
                }
            }

            for (var i = 0; refused < 0 && takes && i < counts.Length; i++)
            {
                counts[i].Count++;
                Set(rules[i], counts[i], now);
            }

            return (refused, counts);
        }
    }

    private void Set(WindowRule rule, (long Count, long End) count, long now)
    {
        _counts[(rule.Key, rule.Name)] = count;
        if (_counts.Count > MostCounts)
        {
            MakeRoom(now);
        }
    }

    private (long Count, long End) Of(WindowRule rule, long now)
    {
        var window = (long)rule.Window.TotalMilliseconds;
        var (count, end) = _counts.GetValueOrDefault((rule.Key, rule.Name));
        if (now >= end)
        {
            return (0, ((now / window) + 1) * window);
        }

        if (end - now > window)
        {
            // Kept, so that the wait is not counted from each request anew.
            end = now + window;
            _counts[(rule.Key, rule.Name)] = (count, end);
        }

        return (count, end);
    }

    private void MakeRoom(long now)
    {
        foreach (var (name, count) in _counts)
        {
            if (count.End <= now)
            {
                _counts.Remove(name);
            }
        }

        if (_counts.Count > MostCounts)
        {
            _counts.Clear();
        }
    }
}
