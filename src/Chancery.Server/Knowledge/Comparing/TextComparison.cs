using System.Runtime.InteropServices;

namespace Chancery.Server.Knowledge.Comparing;

/// <summary>One side of a row.</summary>
/// <param name="Page">Where the line stands in its version.</param>
/// <param name="Spans">Its text, in order.</param>
public sealed record ComparedLine(int Page, IReadOnlyList<TextSpan> Spans);

/// <summary>A row of a comparison.</summary>
/// <param name="Kind">same, changed, removed, added, or gap: lines that are alike and left out.</param>
/// <param name="Skipped">How many lines a gap leaves out; else 0.</param>
public sealed record ComparedRow(string Kind, ComparedLine? Old, ComparedLine? Now, int Skipped = 0);

/// <param name="Removed">Lines that only the old text has, changed ones not counted.</param>
/// <param name="Exact">False where the texts differ so much that parts of them are shown as replaced whole.</param>
public sealed record ComparisonCounts(int Same, int Changed, int Removed, int Added, bool Exact);

/// <param name="Parts">How many parts there are; at least 1.</param>
internal sealed record ComparisonPart(ComparisonCounts Counts, int Parts, IReadOnlyList<ComparedRow> Rows);

/// <summary>Compares two texts line by line and marks words in lines that changed. Safe for concurrent use.</summary>
internal sealed class TextComparison : IDisposable
{
    public const int RowsInPart = 300;

    // Some two seconds at the very worst; real texts take a hundredth of it.
    private const long Steps = 40_000_000;

    // Few compare at once, and each holds two whole texts.
    private readonly SemaphoreSlim _seats = new(2);

    /// <param name="read">Brings the two texts, once it is our turn.</param>
    /// <param name="context">Lines shown around a change.</param>
    /// <param name="part">From 1; one that does not exist is empty.</param>
    public async Task<ComparisonPart> CompareAsync(
        Func<Task<(IReadOnlyList<TextUnit> Old, IReadOnlyList<TextUnit> Now)>> read,
        int context,
        int part,
        CancellationToken cancellationToken
    )
    {
        await _seats.WaitAsync(cancellationToken);
        try
        {
            var (old, now) = await read();
            return await Task.Run(() => Compare(old, now, context, part, cancellationToken), cancellationToken);
        }
        finally
        {
            _seats.Release();
        }
    }

    internal static ComparisonPart Compare(
        IReadOnlyList<TextUnit> old,
        IReadOnlyList<TextUnit> now,
        int context,
        int part,
        CancellationToken cancellationToken
    )
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var effort = new Effort(Steps);
        var edits = Edits.Between(Numbers(old, numbers), Numbers(now, numbers), effort, cancellationToken);
        var rows = Rows(old, now, edits, context, effort);
        var counts = new ComparisonCounts(
            edits.Sum(edit => edit.Same),
            rows.Count(row => row is { Kind: "changed" }),
            rows.Count(row => row is { Kind: "removed" }),
            rows.Count(row => row is { Kind: "added" }),
            !effort.WasTooMuch
        );
        var shown = rows.Skip((part - 1) * RowsInPart).Take(RowsInPart).Select(row => row.Show(cancellationToken));
        return new ComparisonPart(counts, Math.Max(1, (rows.Count + RowsInPart - 1) / RowsInPart), [.. shown]);
    }

    private static List<Row> Rows(
        IReadOnlyList<TextUnit> old,
        IReadOnlyList<TextUnit> now,
        List<Edit> edits,
        int context,
        Effort effort
    )
    {
        var rows = new List<Row>();
        if (edits.Count == 0 || edits is [{ Removed: 0, Added: 0 }])
        {
            return rows;
        }

        var (i, j) = (0, 0);
        for (var at = 0; at < edits.Count; at++)
        {
            var edit = edits[at];
            var before = at == 0 ? 0 : context;
            var after = edit is { Removed: 0, Added: 0 } ? 0 : context;
            // A gap of one line would take as much room as the line.
            var skipped = edit.Same - before - after;
            for (var k = 0; k < edit.Same; k++)
            {
                if (skipped > 1 && k == before)
                {
                    rows.Add(new Row("gap", null, null, skipped));
                    k += skipped - 1;
                    continue;
                }

                rows.Add(new Row("same", old[i + k], now[j + k], 0));
            }

            (i, j) = (i + edit.Same, j + edit.Same);
            var removed = Slice(old, i, edit.Removed);
            var added = Slice(now, j, edit.Added);
            rows.AddRange(
                LinePairs
                    .Of(removed, added, effort)
                    .Select(pair => new Row(
                        pair.Old is null ? "added"
                            : pair.Now is null ? "removed"
                            : "changed",
                        pair.Old,
                        pair.Now,
                        0
                    ))
            );
            (i, j) = (i + edit.Removed, j + edit.Added);
        }

        return rows;
    }

    private static List<TextUnit> Slice(IReadOnlyList<TextUnit> units, int start, int count) =>
        [.. Enumerable.Range(start, count).Select(place => units[place])];

    private static int[] Numbers(IReadOnlyList<TextUnit> units, Dictionary<string, int> numbers)
    {
        var found = new int[units.Count];
        for (var i = 0; i < found.Length; i++)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, units[i].Text, out var known);
            number = known ? number : numbers.Count;
            found[i] = number;
        }

        return found;
    }

    public void Dispose() => _seats.Dispose();

    /// <summary>Before its words are marked, which only rows of the asked part need.</summary>
    private sealed record Row(string Kind, TextUnit? Old, TextUnit? Now, int Skipped)
    {
        public ComparedRow Show(CancellationToken cancellationToken)
        {
            if (Kind != "changed")
            {
                return new ComparedRow(Kind, Whole(Old), Whole(Now), Skipped);
            }

            var (old, now) = WordMarks.Of(Old!.Value.Text, Now!.Value.Text, cancellationToken);
            return new ComparedRow(Kind, new ComparedLine(Old.Value.Page, old), new ComparedLine(Now.Value.Page, now));
        }

        private static ComparedLine? Whole(TextUnit? unit) =>
            unit is { } line ? new ComparedLine(line.Page, [new TextSpan(line.Text, false)]) : null;
    }
}
