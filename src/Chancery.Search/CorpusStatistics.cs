using Chancery.Search.Engine;

namespace Chancery.Search;

/// <summary>How common terms are in the collection that candidates come from.</summary>
/// <param name="PassageCount">Passages in the collection.</param>
/// <param name="AverageLength">Tokens per passage, parts counted.</param>
/// <param name="DocumentFrequencies">
/// For each term of the query (as <see cref="TextAnalyzer"/> gives it) the number of passages with it; a term that is not
/// here occurs nowhere.
/// </param>
public sealed record CorpusStatistics(
    int PassageCount,
    double AverageLength,
    IReadOnlyDictionary<string, int> DocumentFrequencies
)
{
    /// <summary>What BM25 gives to a passage of average length that has each of these terms once.</summary>
    public double WholeScore(IEnumerable<string> terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Sum(InverseFrequency);
    }

    /// <summary>The same for the words of a query.</summary>
    public double WholeScore(QueryWords query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query.Words.Sum(word => Bm25Settings.Default.WeightOf(word.Count) * InverseFrequency(word));
    }

    /// <summary>How much a word tells, by the language that has it most: another has it by accident.</summary>
    public double InverseFrequency(QueryWord word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return word.Terms.Min(InverseFrequency);
    }

    /// <summary>How much a term tells: near 0 for one that stands everywhere.</summary>
    public double InverseFrequency(string term)
    {
        var frequency = Math.Min(DocumentFrequencies.GetValueOrDefault(term), PassageCount);
        return Math.Log(1 + ((PassageCount - frequency + 0.5) / (frequency + 0.5)));
    }
}
