using System.Runtime.InteropServices;

namespace Chancery.Search;

/// <summary>A passage analysed once, to be ranked often: its terms, by hash, with how heavily each one counts.</summary>
/// <remarks>
/// About 2 KB for a passage of 200 words. Hashes are those of this process and are not to be stored; two terms that share
/// one (1 in 4 billion pairs) count as one. Immutable.
/// </remarks>
public sealed class TermCounts
{
    private const double HeadingWeight = 2;
    private const double TitleWeight = 1.5;

    private readonly int[] _hashes;
    private readonly float[] _weights;

    private TermCounts(int[] hashes, float[] weights, int length, LineLabels lines)
    {
        _hashes = hashes;
        _weights = weights;
        Length = length;
        Lines = lines;
    }

    /// <summary>The text line by line, for what stands in the row of a table.</summary>
    internal LineLabels Lines { get; }

    /// <summary>Tokens of text, heading and title, parts counted.</summary>
    public int Length { get; }

    public static TermCounts Of(RankingCandidate candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);

        var counts = new Dictionary<int, float>();
        var tokens = new List<Token>();
        var length = Add(candidate.Text, 1);
        var lines = LineLabels.Of(candidate.Text, tokens);
        length += Add(candidate.Heading, HeadingWeight) + Add(candidate.Title, TitleWeight);
        var hashes = counts.Keys.ToArray();
        var weights = counts.Values.ToArray();
        Array.Sort(hashes, weights);
        return new TermCounts(hashes, weights, length, lines);

        int Add(string? text, double weight)
        {
            if (string.IsNullOrEmpty(text))
                return 0;
            tokens.Clear();
            TextAnalyzer.Analyze(text, tokens);
            foreach (ref readonly var token in CollectionsMarshal.AsSpan(tokens))
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, HashOf(token.Term), out _);
                count += (float)weight;
            }

            return tokens.Count;
        }
    }

    /// <summary>Occurrences of a term, those in heading and title weighted; 0 when it does not occur.</summary>
    internal double WeightOf(int hash)
    {
        var place = Array.BinarySearch(_hashes, hash);
        return place < 0 ? 0 : _weights[place];
    }

    internal bool Has(ReadOnlySpan<int> hashes)
    {
        foreach (var hash in hashes)
        {
            if (Array.BinarySearch(_hashes, hash) < 0)
                return false;
        }

        return true;
    }

    internal static int HashOf(string term) => term.GetHashCode(StringComparison.Ordinal);
}
