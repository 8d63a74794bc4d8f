namespace Chancery.Documents;

/// <summary>Blocks that are read together: one block of prose, or all blocks that make up one table.</summary>
internal sealed record PageUnit(bool IsTable, Extent Extent, IReadOnlyList<RawBlock> Blocks);

/// <summary>
/// Finds tables and the reading order. Poppler cuts a table into a block per column, so that a label and its number can be
/// pages of text apart; blocks that stand side by side and look like cells are put together again.
/// </summary>
internal static class PageUnits
{
    // Beyond this a page is a drawing or an attack; pairs would be compared in the tens of millions.
    private const int MaxBlocks = 4000;

    // What a page full of figures needs, several times over. Blocks compared beyond it are not taken for cells.
    private const long MaxLinePairs = 50_000_000;

    public static IReadOnlyList<PageUnit> Order(RawPage page, CancellationToken cancellationToken)
    {
        var blocks = page.Blocks;
        if (blocks.Count > MaxBlocks)
        {
            return [.. blocks.Select(block => new PageUnit(false, block.Extent, [block]))];
        }

        var shapes = blocks.Select(BlockShape.Of).ToList();
        var groups = new int[blocks.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = i;
        }

        var hasColumns = false;
        var pairsLeft = MaxLinePairs;
        foreach (var (left, right) in SideBySide(blocks, cancellationToken))
        {
            pairsLeft -= (long)blocks[left].Lines.Count * blocks[right].Lines.Count;
            if (pairsLeft >= 0 && BlockShape.AreCells(blocks[left], shapes[left], blocks[right], shapes[right]))
            {
                Join(groups, left, right);
            }
            else
            {
                hasColumns |= shapes[left].IsProse && shapes[right].IsProse;
            }
        }

        var units = Collect(blocks, groups);
        units = Absorb(units, cancellationToken);

        units = JoinOverLabels([.. units.OrderBy(unit => unit.Extent.Top)], units);

        // Where prose runs in columns only poppler knows the order; else what stands higher is read first.
        return hasColumns ? units : [.. units.OrderBy(unit => unit.Extent.Top).ThenBy(unit => unit.Extent.Left)];
    }

    /// <summary>Pairs that share height but not width.</summary>
    private static IEnumerable<(int Left, int Right)> SideBySide(
        IReadOnlyList<RawBlock> blocks,
        CancellationToken cancellationToken
    )
    {
        var byTop = Enumerable.Range(0, blocks.Count).OrderBy(i => blocks[i].Extent.Top).ToArray();
        for (var i = 0; i < byTop.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var one = blocks[byTop[i]].Extent;
            for (var j = i + 1; j < byTop.Length; j++)
            {
                var other = blocks[byTop[j]].Extent;
                if (other.Top >= one.Bottom)
                {
                    break;
                }

                var narrow = Math.Min(one.Width, other.Width);
                if (
                    one.SharedHeight(other) > 0.3f * Math.Min(one.Height, other.Height)
                    && one.SharedWidth(other) < 0.2f * narrow
                )
                {
                    yield return (byTop[i], byTop[j]);
                }
            }
        }
    }

    private static List<PageUnit> Collect(IReadOnlyList<RawBlock> blocks, int[] groups)
    {
        var units = new Dictionary<int, List<RawBlock>>();
        for (var i = 0; i < blocks.Count; i++)
        {
            var root = Root(groups, i);
            if (!units.TryGetValue(root, out var members))
            {
                units[root] = members = [];
            }

            members.Add(blocks[i]);
        }

        // A dictionary that nothing was removed from enumerates in the order of insertion: the first block's place.
        return
        [
            .. units.Values.Select(members => new PageUnit(
                members.Count > 1 || BlockShape.IsGrid(members[0]),
                Extent.Around(members.Select(member => member.Extent)),
                members
            )),
        ];
    }

    /// <summary>Takes into a table what stands inside it: labels without numbers, and tables it was cut into.</summary>
    private static List<PageUnit> Absorb(List<PageUnit> units, CancellationToken cancellationToken)
    {
        for (var i = 0; i < units.Count; i++)
        {
            if (!units[i].IsTable)
            {
                continue;
            }

            for (var j = 0; j < units.Count; j++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (i == j || !Belongs(units[j], units[i]))
                {
                    continue;
                }

                units[i] = units[i] with
                {
                    Extent = units[i].Extent.With(units[j].Extent),
                    Blocks = [.. units[i].Blocks, .. units[j].Blocks],
                };
                units.RemoveAt(j);
                i -= j < i ? 1 : 0;
                j = -1;
            }
        }

        return units;
    }

    /// <summary>A table that is cut in two by a one-line label of its own is one table.</summary>
    private static List<PageUnit> JoinOverLabels(List<PageUnit> byTop, List<PageUnit> units)
    {
        for (var i = 1; i + 1 < byTop.Count; i++)
        {
            var (above, label, below) = (byTop[i - 1], byTop[i], byTop[i + 1]);
            var height = label.Extent.Height;
            if (
                above.IsTable
                && below.IsTable
                && !label.IsTable
                && label.Blocks[0].Lines.Count == 1
                && height < 2 * below.Blocks[0].Lines[0].Extent.Height
                && label.Extent.Top - above.Extent.Bottom < 1.2f * height
                && below.Extent.Top - label.Extent.Bottom < 1.2f * height
                && MathF.Abs(label.Extent.Left - below.Extent.Left) < 3 * height
                && MathF.Abs(above.Extent.Left - below.Extent.Left) < 3 * height
                && MathF.Abs(above.Extent.Right - below.Extent.Right) < 6 * height
            )
            {
                var joined = new PageUnit(
                    true,
                    above.Extent.With(label.Extent).With(below.Extent),
                    [.. above.Blocks, .. label.Blocks, .. below.Blocks]
                );
                units[units.IndexOf(above)] = joined;
                units.Remove(label);
                units.Remove(below);
                byTop[i - 1] = joined;
                byTop.RemoveRange(i, 2);
                i--;
            }
        }

        return units;
    }

    private static bool Belongs(PageUnit unit, PageUnit table)
    {
        var shared = unit.Extent.SharedHeight(table.Extent);
        if (unit.Extent.SharedWidth(table.Extent) < 0.5f * Math.Min(unit.Extent.Width, table.Extent.Width))
        {
            return false;
        }

        var lineHeight = table.Blocks[0].Lines[0].Extent.Height;
        return unit.IsTable
            ? shared > -2f * lineHeight
            : unit.Blocks[0].Lines.Count <= 3 && shared > 0.5f * unit.Extent.Height;
    }

    private static int Root(int[] groups, int i)
    {
        while (groups[i] != i)
        {
            groups[i] = groups[groups[i]];
            i = groups[i];
        }

        return i;
    }

    private static void Join(int[] groups, int one, int other)
    {
        var (a, b) = (Root(groups, one), Root(groups, other));
        groups[Math.Max(a, b)] = Math.Min(a, b);
    }
}
