using Chancery.Contracts;

namespace Chancery.Bench.Contracts;

/// <summary>How the clauses of a tree that was read agree with those it should have, whatever their ids.</summary>
/// <param name="Right">Clauses right in depth, in whether they are numbered, and in every word, in their order.</param>
/// <param name="Whole">Those of them whose number and heading are right, too.</param>
/// <param name="Numbered">Those of <paramref name="True"/> that are numbered, and <paramref name="RightNumbered"/> of <paramref name="Right"/>.</param>
internal sealed record TreeScore(int True, int Read, int Right, int Whole, int Numbered, int RightNumbered)
{
    public bool IsExact => Whole == True && Whole == Read;

    public double Precision => Read == 0 ? 0 : (double)Right / Read;

    public double Recall => True == 0 ? 0 : (double)Right / True;

    public static TreeScore operator +(TreeScore a, TreeScore b) =>
        new(
            a.True + b.True,
            a.Read + b.Read,
            a.Right + b.Right,
            a.Whole + b.Whole,
            a.Numbered + b.Numbered,
            a.RightNumbered + b.RightNumbered
        );

    /// <param name="withLabels">Whether the printed number counts; not where the file's writer could not print it.</param>
    public static TreeScore Of(ContractText truth, ContractText read, bool withLabels)
    {
        var (expected, actual) = (RowsOf(truth), RowsOf(read));
        var right = Common(expected, actual, row => (row.Depth, row.IsNumbered, row.Words));
        var whole = Common(
            expected,
            actual,
            row => (row.Depth, row.IsNumbered, row.Words, row.Heading, withLabels ? row.Label : "")
        );
        var numbered = expected.FindAll(row => row.IsNumbered);
        return new TreeScore(
            expected.Count,
            actual.Count,
            right,
            whole,
            numbered.Count,
            Common(numbered, actual.FindAll(row => row.IsNumbered), row => (row.Depth, row.Words))
        );
    }

    /// <summary>The first clause where two trees part, for people; null where they do not.</summary>
    public static string? FirstDifference(ContractText truth, ContractText read, bool withLabels)
    {
        var (expected, actual) = (RowsOf(truth), RowsOf(read));
        for (var i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            var (a, b) = (expected.ElementAtOrDefault(i), actual.ElementAtOrDefault(i));
            if (!withLabels)
            {
                (a, b) = (a is null ? null : a with { Label = "" }, b is null ? null : b with { Label = "" });
            }

            if (a != b)
            {
                return $"clause {i + 1}: {Show(a)} but {Show(b)}";
            }
        }

        return null;
    }

    private static string Show(Row? row) =>
        row is null
            ? "nothing"
            : $"[{row.Depth}{(row.IsNumbered ? "#" : "")} {row.Label}|{Start(row.Heading)}|{Start(row.Words)}|{row.Words.Length}]";

    private static string Start(string text) => text.Length > 60 ? text[..60] + "…" : text;

    private static List<Row> RowsOf(ContractText text)
    {
        var numbers = ClauseNumbers.Of(text);
        return
        [
            .. text.Walk()
                .Select(placed => new Row(
                    placed.Depth,
                    placed.Clause.IsNumbered,
                    numbers.LabelOf(placed.Clause.Id),
                    Spaced(placed.Clause.Heading).TrimEnd('.', ':'),
                    Spaced(
                        placed.Clause.Heading.Length == 0
                            ? numbers.Write(placed.Clause.Text)
                            : $"{placed.Clause.Heading.TrimEnd('.', ':')} {numbers.Write(placed.Clause.Text)}"
                    )
                )),
        ];
    }

    private static string Spaced(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The length of the longest sequence that both have in the same order, in memory of one row.</summary>
    private static int Common<TKey>(List<Row> truth, List<Row> read, Func<Row, TKey> key)
        where TKey : notnull
    {
        var numbers = new Dictionary<TKey, int>();
        int Number(Row row) => numbers.TryAdd(key(row), numbers.Count) ? numbers.Count - 1 : numbers[key(row)];
        var (a, b) = (truth.ConvertAll(Number), read.ConvertAll(Number));
        var before = new int[b.Count + 1];
        foreach (var one in a)
        {
            var now = new int[b.Count + 1];
            for (var j = 0; j < b.Count; j++)
            {
                now[j + 1] = one == b[j] ? before[j] + 1 : Math.Max(before[j + 1], now[j]);
            }

            before = now;
        }

        return before[^1];
    }

    private sealed record Row(int Depth, bool IsNumbered, string Label, string Heading, string Words);
}
