using System.Runtime.InteropServices;
using Chancery.Search.Languages;

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

    private TermCounts(int[] hashes, float[] weights, int length, LineLabels lines, PassageLanguages languages)
    {
        _hashes = hashes;
        _weights = weights;
        Length = length;
        Lines = lines;
        Languages = languages;
    }

    /// <summary>In which its fields were analysed.</summary>
    public PassageLanguages Languages { get; }

    /// <summary>The text line by line, for what stands in the row of a table.</summary>
    internal LineLabels Lines { get; }

    /// <summary>Tokens of text, heading and title, parts counted.</summary>
    public int Length { get; }

    public static TermCounts Of(RankingCandidate candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);

        var counts = new Dictionary<int, float>();
        var tokens = new List<Token>();
        var languages = PassageLanguages.Of(candidate.Title, candidate.Heading, candidate.Text);
        var length = Add(candidate.Text, 1, languages.Body);
        var lines = LineLabels.Of(candidate.Text, tokens);
        length +=
            Add(candidate.Heading, HeadingWeight, languages.Heading)
            + Add(candidate.Title, TitleWeight, languages.Title);
        var hashes = counts.Keys.ToArray();
        var weights = counts.Values.ToArray();
        Array.Sort(hashes, weights);
        return new TermCounts(hashes, weights, length, lines, languages);

        int Add(string? text, double weight, Language language)
        {
            if (string.IsNullOrEmpty(text))
                return 0;
            tokens.Clear();
            TextAnalyzer.Analyze(text, tokens, language);
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

    /// <summary>Occurrences of a word of a query, in the languages of the passage.</summary>
    internal double WeightOf(QueryWord word)
    {
        var ofBody = word.In(Languages.Body);
        var weight = WeightOf(HashOf(ofBody));
        if (Languages.Heading != Languages.Body && word.In(Languages.Heading) is var ofHeading && ofHeading != ofBody)
            weight += WeightOf(HashOf(ofHeading));
        if (
            Languages.Title != Languages.Body
            && Languages.Title != Languages.Heading
            && word.In(Languages.Title) is var ofTitle
            && ofTitle != ofBody
        )
            weight += WeightOf(HashOf(ofTitle));
        return weight;
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
