namespace Chancery.Contracts.Comparing;

/// <summary>Which of several things kept their order while others were moved around them.</summary>
internal static class StableOrder
{
    /// <summary>
    /// Of numbers that differ, the places of a longest increasing subsequence; among equally long ones, one of the greatest weight.
    /// </summary>
    /// <param name="weights">0 to 2³¹ each: what it would mean to call this one moved.</param>
    public static bool[] Longest(IReadOnlyList<int> numbers, IReadOnlyList<int> weights)
    {
        var count = numbers.Count;
        var kept = new bool[count];
        if (count == 0)
        {
            return kept;
        }

        var ranks = new int[count];
        var byNumber = Enumerable.Range(0, count).OrderBy(i => numbers[i]).ToArray();
        for (var rank = 0; rank < count; rank++)
        {
            ranks[byNumber[rank]] = rank + 1;
        }

        // A Fenwick tree of the best chain that ends at or below each rank; a chain's length outweighs any sum of weights.
        var best = new (long Length, long Weight, int End)[count + 1];
        Array.Fill(best, (0, 0, -1));
        var before = new int[count];
        var last = (Length: 0L, Weight: 0L, End: -1);
        for (var i = 0; i < count; i++)
        {
            var chain = (Length: 0L, Weight: 0L, End: -1);
            for (var r = ranks[i] - 1; r > 0; r -= r & -r)
            {
                chain = Longer(best[r], chain);
            }

            before[i] = chain.End;
            chain = (chain.Length + 1, chain.Weight + weights[i], i);
            for (var r = ranks[i]; r <= count; r += r & -r)
            {
                best[r] = Longer(chain, best[r]);
            }

            last = Longer(chain, last);
        }

        for (var i = last.End; i >= 0; i = before[i])
        {
            kept[i] = true;
        }

        return kept;
    }

    /// <summary>Which numbers are in at least one of the longest increasing subsequences.</summary>
    public static bool[] InAnyLongest(IReadOnlyList<int> numbers)
    {
        var upTo = Lengths([.. numbers]);
        var onward = Lengths([.. numbers.Reverse().Select(number => -number)]);
        Array.Reverse(onward);
        var longest = upTo.DefaultIfEmpty(0).Max();
        return [.. upTo.Zip(onward, (before, after) => before + after - 1 == longest)];
    }

    /// <summary>For each, the length of a longest increasing subsequence that ends with it.</summary>
    private static int[] Lengths(int[] numbers)
    {
        var ends = new List<int>();
        return Array.ConvertAll(
            numbers,
            number =>
            {
                var at = ends.BinarySearch(number) is var found && found < 0 ? ~found : found;
                if (at == ends.Count)
                {
                    ends.Add(number);
                }
                else
                {
                    ends[at] = number;
                }

                return at + 1;
            }
        );
    }

    private static (long Length, long Weight, int End) Longer(
        (long Length, long Weight, int End) a,
        (long Length, long Weight, int End) b
    ) => a.Length > b.Length || (a.Length == b.Length && a.Weight > b.Weight) ? a : b;
}
