namespace Chancery.Server.Knowledge.Comparing;

/// <summary>Which removed line became which added one: those that are most alike, in order.</summary>
internal static class LinePairs
{
    private const double LeastLikeness = 0.4;
    private const int MostLines = 60;
    private const int StepsForAPair = 20;

    /// <summary>One row for each line of either side; a row of both is a line that changed.</summary>
    public static List<(TextUnit? Old, TextUnit? Now)> Of(
        IReadOnlyList<TextUnit> removed,
        IReadOnlyList<TextUnit> added,
        Effort effort
    )
    {
        var rows = new List<(TextUnit? Old, TextUnit? Now)>();
        var (i, j) = (0, 0);
        if (
            Math.Max(removed.Count, added.Count) <= MostLines
            && effort.Take(removed.Count * added.Count * StepsForAPair)
        )
        {
            foreach (var (left, right) in BestChain(removed, added))
            {
                AddAlone(left, right);
                rows.Add((removed[left], added[right]));
                (i, j) = (left + 1, right + 1);
            }
        }

        AddAlone(removed.Count, added.Count);
        return rows;

        void AddAlone(int left, int right)
        {
            for (; i < left; i++)
            {
                rows.Add((removed[i], null));
            }

            for (; j < right; j++)
            {
                rows.Add((null, added[j]));
            }
        }
    }

    private static List<(int Left, int Right)> BestChain(IReadOnlyList<TextUnit> removed, IReadOnlyList<TextUnit> added)
    {
        var left = removed.Select(line => WordMarks.Counts(line.Text)).ToList();
        var right = added.Select(line => WordMarks.Counts(line.Text)).ToList();
        // best[i, j]: the most likeness that lines from i and from j on can have together.
        var likeness = new double[removed.Count, added.Count];
        var best = new double[removed.Count + 1, added.Count + 1];
        for (var i = removed.Count - 1; i >= 0; i--)
        {
            for (var j = added.Count - 1; j >= 0; j--)
            {
                var like = WordMarks.Likeness(left[i], right[j]);
                likeness[i, j] = like < LeastLikeness ? -1 : like;
                best[i, j] = Math.Max(
                    Math.Max(best[i + 1, j], best[i, j + 1]),
                    likeness[i, j] < 0 ? 0 : likeness[i, j] + best[i + 1, j + 1]
                );
            }
        }

        var chain = new List<(int Left, int Right)>();
        for (var (i, j) = (0, 0); i < removed.Count && j < added.Count; )
        {
            if (likeness[i, j] >= 0 && best[i, j] <= likeness[i, j] + best[i + 1, j + 1])
            {
                chain.Add((i++, j++));
            }
            else if (best[i + 1, j] >= best[i, j + 1])
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return chain;
    }
}
