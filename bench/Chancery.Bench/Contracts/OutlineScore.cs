namespace Chancery.Bench.Contracts;

/// <summary>How an outline that was read agrees with the true one.</summary>
/// <param name="Right">Clauses that are right in depth, number and first words, in their order.</param>
/// <param name="Headings">Those of them whose heading is right, too.</param>
/// <param name="Places">Clauses that begin where they should, at whatever depth.</param>
internal sealed record OutlineScore(int True, int Read, int Right, int Headings, int Places)
{
    public bool IsExact => Right == True && Right == Read;

    public double Precision => Read == 0 ? 0 : (double)Right / Read;

    public double Recall => True == 0 ? 0 : (double)Right / True;

    public static OutlineScore Of(List<OutlineRow> truth, List<OutlineRow> read)
    {
        var common = Common(truth, read, row => row.Key);
        return new OutlineScore(
            truth.Count,
            read.Count,
            common.Count,
            common.Count(pair => pair.Truth.Heading == pair.Read.Heading),
            Common(truth, read, row => (0, row.Label, row.Words)).Count
        );
    }

    public static OutlineScore operator +(OutlineScore a, OutlineScore b) =>
        new(a.True + b.True, a.Read + b.Read, a.Right + b.Right, a.Headings + b.Headings, a.Places + b.Places);

    /// <summary>The longest sequence of clauses that both have in the same order.</summary>
    private static List<(OutlineRow Truth, OutlineRow Read)> Common<TKey>(
        List<OutlineRow> truth,
        List<OutlineRow> read,
        Func<OutlineRow, TKey> key
    )
    {
        var lengths = new int[truth.Count + 1, read.Count + 1];
        for (var i = truth.Count - 1; i >= 0; i--)
        {
            for (var j = read.Count - 1; j >= 0; j--)
            {
                lengths[i, j] = Equals(key(truth[i]), key(read[j]))
                    ? lengths[i + 1, j + 1] + 1
                    : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        var common = new List<(OutlineRow, OutlineRow)>();
        for (var (i, j) = (0, 0); i < truth.Count && j < read.Count; )
        {
            if (Equals(key(truth[i]), key(read[j])))
            {
                common.Add((truth[i++], read[j++]));
            }
            else if (lengths[i + 1, j] >= lengths[i, j + 1])
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return common;
    }
}
