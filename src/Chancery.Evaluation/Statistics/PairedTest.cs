namespace Chancery.Evaluation.Statistics;

/// <summary>Whether one of two runs over the same questions is better, by counting questions.</summary>
public static class PairedTest
{
    /// <summary>
    /// McNemar's exact test: two-sided chance of so uneven a split of the questions that only one of the runs got right. 1 where there is
    /// none.
    /// </summary>
    /// <param name="onlyFirst">Questions that only the first got right.</param>
    /// <param name="onlySecond">Questions that only the second got right.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public static double McNemar(long onlyFirst, long onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        var (fewer, all) = (Math.Min(onlyFirst, onlySecond), onlyFirst + onlySecond);
        var tail = 0.0;
        // From the largest term down; what is under it by sixteen digits adds nothing.
        var largest = LogFactorial.Choose(all, fewer) - all * Math.Log(2);
        for (var x = fewer; x >= 0; x--)
        {
            var term = LogFactorial.Choose(all, x) - all * Math.Log(2);
            if (term < largest - 40)
            {
                break;
            }

            tail += Math.Exp(term);
        }

        return Math.Min(1, 2 * tail);
    }

    /// <summary>The exact sign test: <see cref="McNemar"/> over the questions where one scored higher; equal ones say nothing.</summary>
    /// <exception cref="ArgumentException">The lists differ in length, or a value is not a number.</exception>
    public static double Sign(IReadOnlyList<double> before, IReadOnlyList<double> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (before.Count != after.Count)
        {
            throw new ArgumentException($"{before.Count} values have no pairs in {after.Count}.", nameof(after));
        }

        if (before.Concat(after).Any(double.IsNaN))
        {
            throw new ArgumentException("Every value must be a number; leave out what failed.", nameof(after));
        }

        var pairs = before.Zip(after).ToList();
        return McNemar(
            pairs.LongCount(pair => pair.First > pair.Second),
            pairs.LongCount(pair => pair.First < pair.Second)
        );
    }
}
