namespace Chancery.Server.Limits.Windows;

/// <summary>What is counted in a window.</summary>
/// <param name="Taken">Requests that passed, those that were given back too: it never falls, so that of two servers the higher is right.</param>
/// <param name="Returned">Those that were given back; it never falls either.</param>
/// <param name="End">Milliseconds since 1970; 0 for no window.</param>
internal readonly record struct WindowCount(long Taken, long Returned, long End)
{
    public long Used => Taken - Returned;
}

/// <summary>
/// What <see cref="RateWindows"/> does in Redis, in this process; and what this process last saw of the counts there. Safe for
/// concurrent use.
/// </summary>
internal sealed class LocalWindows
{
    private const int MostCounts = 50_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Name), WindowCount> _counts = [];

    /// <summary>The last that was counted or seen of a rule; zeros for nothing.</summary>
    public WindowCount Seen(WindowRule rule)
    {
        lock (_gate)
        {
            return _counts.GetValueOrDefault((rule.Key, rule.Name));
        }
    }

    /// <summary>Remembers what was counted elsewhere. Answers may overtake each other: what is counted in a window never falls.</summary>
    public void See(WindowRule rule, WindowCount count, long now)
    {
        lock (_gate)
        {
            var known = _counts.GetValueOrDefault((rule.Key, rule.Name));
            Set(
                rule,
                count.End == known.End
                    ? new(Math.Max(count.Taken, known.Taken), Math.Max(count.Returned, known.Returned), count.End)
                    : count,
                now
            );
        }
    }

    /// <summary>Gives a request back to the window that ends then; nothing once that is over.</summary>
    /// <param name="returned">What was given back by then on all servers together; null where only this process knows of it.</param>
    public void GiveBack(WindowRule rule, long end, long? returned)
    {
        lock (_gate)
        {
            var known = _counts.GetValueOrDefault((rule.Key, rule.Name));
            if (known.End == end && known.Used > 0)
            {
                _counts[(rule.Key, rule.Name)] = known with
                {
                    Returned = Math.Max(known.Returned, returned ?? known.Returned + 1),
                };
            }
        }
    }

    /// <returns>Which rule is refused, or -1, and the count of each.</returns>
    public (int Refused, WindowCount[] Counts) Run(IReadOnlyList<WindowRule> rules, long now, bool takes)
    {
        lock (_gate)
        {
            var counts = new WindowCount[rules.Count];
            var refused = -1;
            for (var i = 0; i < counts.Length; i++)
            {
                counts[i] = Of(rules[i], now);
                if (counts[i].Used >= rules[i].Most && (refused < 0 || counts[i].End > counts[refused].End))
                {
                    refused = i;
                }
            }

            for (var i = 0; refused < 0 && takes && i < counts.Length; i++)
            {
                counts[i] = counts[i] with { Taken = counts[i].Taken + 1 };
                Set(rules[i], counts[i], now);
            }

            return (refused, counts);
        }
    }

    private void Set(WindowRule rule, WindowCount count, long now)
    {
        _counts[(rule.Key, rule.Name)] = count;
        if (_counts.Count > MostCounts)
        {
            MakeRoom(now);
        }
    }

    private WindowCount Of(WindowRule rule, long now)
    {
        var window = (long)rule.Window.TotalMilliseconds;
        var count = _counts.GetValueOrDefault((rule.Key, rule.Name));
        if (now >= count.End)
        {
            return new(0, 0, ((now / window) + 1) * window);
        }

        if (count.End - now > window)
        {
            // Kept, so that the wait is not counted from each request anew.
            count = count with
            {
                End = now + window,
            };
            _counts[(rule.Key, rule.Name)] = count;
        }

        return count;
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
