namespace Chancery.Contracts.Comparing;

/// <summary>
/// Which elements of two sequences are common to both, in order: Myers's shortest edit script in linear space. Where two parts have little
/// in common the search for the shortest is given up after a fixed effort, so that no input takes quadratic time; the script is then longer
/// than it had to be, and still right.
/// </summary>
internal static class SequenceDiff
{
    /// <summary>
    /// How many edits are tried from both ends of a part before it is cut where the search had come farthest: the more, the shorter the
    /// script where much was rewritten.
    /// </summary>
    private const int MostEdits = 400;

    private const int LeastEdits = 24;

    /// <summary>How many steps may be taken in all; for long sequences fewer edits are tried.</summary>
    private const int Effort = 20_000_000;

    /// <summary>Marks what is kept of each; the n-th kept of one is the n-th kept of the other.</summary>
    public static (bool[] From, bool[] To) Kept(int[] from, int[] to)
    {
        // What the other side does not have at all is not kept: without it the rest is found much faster.
        var (fromShared, toShared) = (Shared(from, to), Shared(to, from));
        var (keptFrom, keptTo) = (new bool[fromShared.Length], new bool[toShared.Length]);
        Mark(Pick(from, fromShared), Pick(to, toShared), keptFrom, keptTo);
        return (Spread(from.Length, fromShared, keptFrom), Spread(to.Length, toShared, keptTo));
    }

    private static int[] Shared(int[] of, int[] with)
    {
        var others = with.ToHashSet();
        return [.. Enumerable.Range(0, of.Length).Where(i => others.Contains(of[i]))];
    }

    private static int[] Pick(int[] of, int[] places) => Array.ConvertAll(places, i => of[i]);

    private static bool[] Spread(int length, int[] places, bool[] kept)
    {
        var spread = new bool[length];
        for (var i = 0; i < places.Length; i++)
        {
            spread[places[i]] = kept[i];
        }

        return spread;
    }

    private static void Mark(ReadOnlySpan<int> from, ReadOnlySpan<int> to, Span<bool> keptFrom, Span<bool> keptTo)
    {
        var mostEdits = Math.Clamp(Effort / (from.Length + to.Length + 1), LeastEdits, MostEdits);
        // One more on both sides than there are diagonals.
        var reach = new Reach(from.Length + to.Length + 3, to.Length + 1);
        var open = new Stack<Part>();
        open.Push(new Part(0, from.Length, 0, to.Length));
        while (open.TryPop(out var part))
        {
            var (x, xEnd, y, yEnd) = part;
            for (; x < xEnd && y < yEnd && from[x] == to[y]; x++, y++)
            {
                keptFrom[x] = keptTo[y] = true;
            }

            for (; x < xEnd && y < yEnd && from[xEnd - 1] == to[yEnd - 1]; xEnd--, yEnd--)
            {
                keptFrom[xEnd - 1] = keptTo[yEnd - 1] = true;
            }

            if (x < xEnd && y < yEnd)
            {
                var (xCut, yCut) = Cut(from, to, new Part(x, xEnd, y, yEnd), reach, mostEdits);
                open.Push(new Part(xCut, xEnd, yCut, yEnd));
                open.Push(new Part(x, xCut, y, yCut));
            }
        }
    }

    /// <summary>A point on a shortest path through a part whose first elements differ and whose last do, or one far along a good path.</summary>
    private static (int X, int Y) Cut(
        ReadOnlySpan<int> from,
        ReadOnlySpan<int> to,
        Part part,
        Reach reach,
        int mostEdits
    )
    {
        var (lowest, highest) = (part.X - part.YEnd, part.XEnd - part.Y);
        var (first, last) = (part.X - part.Y, part.XEnd - part.YEnd);
        var isOdd = ((first - last) & 1) != 0;
        var (forwardLow, forwardHigh, backwardLow, backwardHigh) = (first, first, last, last);
        reach.Forward(first) = part.X;
        reach.Backward(last) = part.XEnd;

        for (var edits = 1; ; edits++)
        {
            forwardLow += forwardLow > lowest ? -1 : 1;
            forwardHigh += forwardHigh < highest ? 1 : -1;
            reach.Forward(forwardLow - 1) = int.MinValue;
            reach.Forward(forwardHigh + 1) = int.MinValue;
            for (var diagonal = forwardHigh; diagonal >= forwardLow; diagonal -= 2)
            {
                var x = Math.Max(reach.Forward(diagonal - 1) + 1, reach.Forward(diagonal + 1));
                for (; x < part.XEnd && x - diagonal < part.YEnd && from[x] == to[x - diagonal]; x++) { }

                reach.Forward(diagonal) = x;
                if (isOdd && diagonal >= backwardLow && diagonal <= backwardHigh && reach.Backward(diagonal) <= x)
                {
                    return (x, x - diagonal);
                }
            }

            backwardLow += backwardLow > lowest ? -1 : 1;
            backwardHigh += backwardHigh < highest ? 1 : -1;
            reach.Backward(backwardLow - 1) = int.MaxValue;
            reach.Backward(backwardHigh + 1) = int.MaxValue;
            for (var diagonal = backwardHigh; diagonal >= backwardLow; diagonal -= 2)
            {
                var x = Math.Min(reach.Backward(diagonal - 1), reach.Backward(diagonal + 1) - 1);
                for (; x > part.X && x - diagonal > part.Y && from[x - 1] == to[x - diagonal - 1]; x--) { }

                reach.Backward(diagonal) = x;
                if (!isOdd && diagonal >= forwardLow && diagonal <= forwardHigh && x <= reach.Forward(diagonal))
                {
                    return (x, x - diagonal);
                }
            }

            if (edits >= mostEdits)
            {
                return Farthest(part, reach, (forwardLow, forwardHigh), (backwardLow, backwardHigh));
            }
        }
    }

    private static (int X, int Y) Farthest(
        Part part,
        Reach reach,
        (int Low, int High) forward,
        (int Low, int High) backward
    )
    {
        var (ahead, cut) = (-1, (part.X, part.Y));
        for (var diagonal = forward.Low; diagonal <= forward.High; diagonal += 2)
        {
            var x = Math.Min(reach.Forward(diagonal), Math.Min(part.XEnd, part.YEnd + diagonal));
            var gone = x - part.X + (x - diagonal - part.Y);
            (ahead, cut) =
                gone > ahead && x >= part.X && x - diagonal >= part.Y ? (gone, (x, x - diagonal)) : (ahead, cut);
        }

        for (var diagonal = backward.Low; diagonal <= backward.High; diagonal += 2)
        {
            var x = Math.Max(reach.Backward(diagonal), Math.Max(part.X, part.Y + diagonal));
            var gone = part.XEnd - x + (part.YEnd - (x - diagonal));
            (ahead, cut) =
                gone > ahead && x <= part.XEnd && x - diagonal <= part.YEnd ? (gone, (x, x - diagonal)) : (ahead, cut);
        }

        return cut;
    }

    private readonly record struct Part(int X, int XEnd, int Y, int YEnd);

    /// <summary>How far along each diagonal the searches from both ends have come.</summary>
    private sealed class Reach(int diagonals, int origin)
    {
        private readonly int[] _forward = new int[diagonals];
        private readonly int[] _backward = new int[diagonals];

        public ref int Forward(int diagonal) => ref _forward[diagonal + origin];

        public ref int Backward(int diagonal) => ref _backward[diagonal + origin];
    }
}
