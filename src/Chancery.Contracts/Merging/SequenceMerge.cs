using System.Runtime.InteropServices;
using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Merging;

/// <summary>Two people's changes of one list: the paragraphs of a text, the parties of a contract.</summary>
internal static class SequenceMerge
{
    /// <summary>
    /// The list with both sides' changes, and whether they touched different elements. Where they changed the same, or added something else
    /// at the same place, it has what <paramref name="mine"/> has there.
    /// </summary>
    public static (List<T> Merged, bool IsClean) Merge<T>(
        IReadOnlyList<T> @base,
        IReadOnlyList<T> mine,
        IReadOnlyList<T> theirs
    )
        where T : notnull
    {
        var numbers = new Dictionary<T, int>();
        var numbered = Number(@base, numbers);
        var hunks = new Queue<Hunk>(
            HunksOf(numbered, Number(mine, numbers), isMine: true)
                .Concat(HunksOf(numbered, Number(theirs, numbers), isMine: false))
                .OrderBy(hunk => hunk.Start)
                .ThenBy(hunk => hunk.End)
        );
        var merged = new List<T>();
        var (isClean, done) = (true, 0);
        while (hunks.TryDequeue(out var first))
        {
            var (start, end) = (first.Start, first.End);
            var touching = new List<Hunk> { first };
            while (hunks.TryPeek(out var next) && (next.Start < end || (next.End == start && start == end)))
            {
                end = Math.Max(end, next.End);
                touching.Add(hunks.Dequeue());
            }

            var mineHas = Changed(mine, touching.FindAll(hunk => hunk.IsMine), start, end);
            var theirsHave = Changed(theirs, touching.FindAll(hunk => !hunk.IsMine), start, end);
            isClean &= mineHas is null || theirsHave is null || mineHas.SequenceEqual(theirsHave);
            merged.AddRange(@base.Take(start).Skip(done));
            merged.AddRange(mineHas ?? theirsHave!);
            done = end;
        }

        merged.AddRange(@base.Skip(done));
        return (merged, isClean);
    }

    /// <summary>What one side has in place of a stretch of the base; null where it changed nothing there.</summary>
    private static List<T>? Changed<T>(IReadOnlyList<T> side, List<Hunk> hunks, int start, int end)
    {
        if (hunks.Count == 0)
        {
            return null;
        }

        var (first, last) = (hunks[0], hunks[^1]);
        return [.. side.Take(last.SideEnd + (end - last.End)).Skip(first.SideStart - (first.Start - start))];
    }

    private static int[] Number<T>(IReadOnlyList<T> list, Dictionary<T, int> numbers)
        where T : notnull
    {
        var numbered = new int[list.Count];
        for (var i = 0; i < numbered.Length; i++)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, list[i], out var isKnown);
            number = isKnown ? number : numbers.Count;
            numbered[i] = number;
        }

        return numbered;
    }

    private static IEnumerable<Hunk> HunksOf(int[] from, int[] to, bool isMine)
    {
        var (keptFrom, keptTo) = SequenceDiff.Kept(from, to);
        for (var (i, j) = (0, 0); i < from.Length || j < to.Length; )
        {
            var (start, sideStart) = (i, j);
            while (i < from.Length && !keptFrom[i])
            {
                i++;
            }

            while (j < to.Length && !keptTo[j])
            {
                j++;
            }

            if (i > start || j > sideStart)
            {
                yield return new Hunk(start, i, sideStart, j, isMine);
            }

            (i, j) = (i + 1, j + 1);
        }
    }

    /// <summary>A stretch of the base and what one side has in its place.</summary>
    private readonly record struct Hunk(int Start, int End, int SideStart, int SideEnd, bool IsMine);
}
