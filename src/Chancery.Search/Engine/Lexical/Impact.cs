using System.Runtime.InteropServices;

namespace Chancery.Search.Engine.Lexical;

/// <summary>A weighted frequency and a length: no posting of its group has more of the one, or less of the other.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct Impact(float Frequency, int Length);

/// <summary>
/// Where a block of postings ends and lies, and three impacts of which one or another bounds each of its postings: whatever
/// k1, b and average length are, no score in the block exceeds the greatest of the three (Ding and Suel 2011).
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct BlockEntry(
    int LastRow,
    uint Postings,
    uint Positions,
    Impact First,
    Impact Second,
    Impact Third
);

internal static class Impacts
{
    /// <summary>Three that bound all; sorts what it is given.</summary>
    public static (Impact First, Impact Second, Impact Third) Of(Span<Impact> postings)
    {
        postings.Sort(
            static (a, b) =>
                a.Frequency != b.Frequency ? b.Frequency.CompareTo(a.Frequency) : a.Length.CompareTo(b.Length)
        );

        // Of those with no fewer occurrences only the shortest can score highest.
        var front = 0;
        foreach (var posting in postings)
        {
            if (front == 0 || posting.Length < postings[front - 1].Length)
                postings[front++] = posting;
        }

        var third = (front + 2) / 3;
        return (Join(postings[..third]), Join(postings[Part(third, front)]), Join(postings[Part(2 * third, front)]));

        // A part that would be empty repeats the last impact.
        Range Part(int from, int count) =>
            Math.Min(from, count - 1)..Math.Max(Math.Min(from + third, count), Math.Min(from, count - 1) + 1);
    }

    private static Impact Join(ReadOnlySpan<Impact> group) => new(group[0].Frequency, group[^1].Length);
}
