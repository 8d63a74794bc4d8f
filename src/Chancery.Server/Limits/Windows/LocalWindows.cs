namespace Chancery.Server.Limits.Windows;

/// <summary>What <see cref="RateWindows"/> does in Redis, in this process. Safe for concurrent use.</summary>
internal sealed class LocalWindows
{
    private const int MostCounts = 50_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Name), (long Count, long End)> _counts = [];

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
                _counts[(rules[i].Key, rules[i].Name)] = counts[i];
            }

            if (_counts.Count > MostCounts)
            {
                MakeRoom(now);
            }

            return (refused, counts);
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

        return (count, Math.Min(end, now + window));
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
