namespace Chancery.Server.Knowledge.Comparing;

/// <summary>A stretch of both sides: the first <paramref name="Same"/> are alike, then come those of one side only.</summary>
internal readonly record struct Edit(int Same, int Removed, int Added);

/// <summary>How much comparing may cost. The same texts always get the same answer, however busy the machine is.</summary>
internal sealed class Effort(long steps)
{
    private long _left = steps;

    /// <summary>Whether something had to be taken as replaced whole.</summary>
    public bool WasTooMuch { get; private set; }

    public bool Take(long steps)
    {
        if (_left < steps)
        {
            WasTooMuch = true;
            return false;
        }

        _left -= steps;
        return true;
    }
}

/// <summary>The shortest way from one sequence to another, or a good one where the shortest costs too much.</summary>
/// <remarks>
/// What stands once on each side and in the same order holds the rest in place (patience); between such places Myers' greedy
/// algorithm finds the fewest removals and additions.
/// </remarks>
internal static class Edits
{
    // Myers keeps a row for each difference, so that its memory grows with their square.
    private const int MostDifferences = 1_500;

    // Each place that holds may lay bare others between it and the next. In real texts that ends after a few rounds; one that was
    // made for it would go on as long as it has lines, and every round costs a walk over the rest and a part of the stack.
    private const int MostRounds = 32;

    /// <param name="old">Items as numbers: alike means equal.</param>
    public static List<Edit> Between(
        ReadOnlySpan<int> old,
        ReadOnlySpan<int> now,
        Effort effort,
        CancellationToken cancellationToken
    )
    {
        var pairs = new List<(int Old, int Now)>();
        Pair(old, now, 0, 0, MostRounds, effort, pairs, cancellationToken);
        return ToEdits(pairs, old.Length, now.Length);
    }

    private static void Pair(
        ReadOnlySpan<int> old,
        ReadOnlySpan<int> now,
        int oldAt,
        int nowAt,
        int rounds,
        Effort effort,
        List<(int Old, int Now)> pairs,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = old.CommonPrefixLength(now);
        for (var i = 0; i < start; i++)
        {
            pairs.Add((oldAt + i, nowAt + i));
        }

        old = old[start..];
        now = now[start..];
        (oldAt, nowAt) = (oldAt + start, nowAt + start);
        var end = 0;
        while (end < old.Length && end < now.Length && old[^(end + 1)] == now[^(end + 1)])
        {
            end++;
        }

        Inner(old[..^end], now[..^end], oldAt, nowAt, rounds, effort, pairs, cancellationToken);
        for (var i = end; i > 0; i--)
        {
            pairs.Add((oldAt + old.Length - i, nowAt + now.Length - i));
        }
    }

    private static void Inner(
        ReadOnlySpan<int> old,
        ReadOnlySpan<int> now,
        int oldAt,
        int nowAt,
        int rounds,
        Effort effort,
        List<(int Old, int Now)> pairs,
        CancellationToken cancellationToken
    )
    {
        if (old.IsEmpty || now.IsEmpty)
        {
            return;
        }

        var anchors = rounds > 0 ? Anchors.Of(old, now) : [];
        if (anchors.Count == 0)
        {
            Shortest(old, now, oldAt, nowAt, effort, pairs);
            return;
        }

        var (oldFrom, nowFrom) = (0, 0);
        foreach (var (oldTo, nowTo) in anchors)
        {
            Pair(
                old[oldFrom..oldTo],
                now[nowFrom..nowTo],
                oldAt + oldFrom,
                nowAt + nowFrom,
                rounds - 1,
                effort,
                pairs,
                cancellationToken
            );
            pairs.Add((oldAt + oldTo, nowAt + nowTo));
            (oldFrom, nowFrom) = (oldTo + 1, nowTo + 1);
        }

        Pair(
            old[oldFrom..],
            now[nowFrom..],
            oldAt + oldFrom,
            nowAt + nowFrom,
            rounds - 1,
            effort,
            pairs,
            cancellationToken
        );
    }

    /// <summary>Myers, forwards; the furthest place on each diagonal is kept for each number of differences.</summary>
    private static void Shortest(
        ReadOnlySpan<int> old,
        ReadOnlySpan<int> now,
        int oldAt,
        int nowAt,
        Effort effort,
        List<(int Old, int Now)> pairs
    )
    {
        var most = Math.Min(old.Length + now.Length, MostDifferences);
        var furthest = new int[2 * most + 3];
        var middle = most + 1;
        var trail = new List<int[]>();
        for (var d = 0; d <= most; d++)
        {
            if (!effort.Take(d + 1))
            {
                return;
            }

            trail.Add(furthest[(middle - d - 1)..(middle + d + 2)]);
            for (var k = -d; k <= d; k += 2)
            {
                var down = k == -d || (k != d && furthest[middle + k - 1] < furthest[middle + k + 1]);
                var x = down ? furthest[middle + k + 1] : furthest[middle + k - 1] + 1;
                var y = x - k;
                if (x < old.Length && y < now.Length && y >= 0)
                {
                    var run = old[x..].CommonPrefixLength(now[y..]);
                    (x, y) = (x + run, y + run);
                }

                furthest[middle + k] = x;
                if (x >= old.Length && y >= now.Length)
                {
                    Walk(trail, old.Length, now.Length, oldAt, nowAt, pairs);
                    return;
                }
            }
        }

        // Nothing found is everything replaced.
        effort.Take(long.MaxValue);
    }

    /// <summary>Back along the trail, collecting what is alike.</summary>
    private static void Walk(
        List<int[]> trail,
        int oldLength,
        int nowLength,
        int oldAt,
        int nowAt,
        List<(int Old, int Now)> pairs
    )
    {
        var found = new List<(int Old, int Now)>();
        var (x, y) = (oldLength, nowLength);
        for (var d = trail.Count - 1; d >= 0; d--)
        {
            // The row as it was before d: diagonals from -d - 1 to d + 1.
            var row = trail[d];
            var k = x - y;
            var down = k == -d || (k != d && row[k - 1 + d + 1] < row[k + 1 + d + 1]);
            var from = down ? k + 1 : k - 1;
            var fromX = d == 0 ? 0 : row[from + d + 1];
            var fromY = d == 0 ? 0 : fromX - from;
            while (x > fromX && y > fromY)
            {
                (x, y) = (x - 1, y - 1);
                found.Add((oldAt + x, nowAt + y));
            }

            (x, y) = (fromX, fromY);
        }

        found.Reverse();
        pairs.AddRange(found);
    }

    private static List<Edit> ToEdits(List<(int Old, int Now)> pairs, int oldLength, int nowLength)
    {
        var edits = new List<Edit>();
        var (same, oldAt, nowAt) = (0, 0, 0);
        foreach (var (old, now) in pairs.Append((oldLength, nowLength)))
        {
            if (old > oldAt || now > nowAt)
            {
                edits.Add(new Edit(same, old - oldAt, now - nowAt));
                same = 0;
            }

            same++;
            (oldAt, nowAt) = (old + 1, now + 1);
        }

        // The last pair was the end.
        if (same > 1)
        {
            edits.Add(new Edit(same - 1, 0, 0));
        }

        return edits;
    }
}
