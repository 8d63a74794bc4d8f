using Chancery.Search;
using Chancery.Search.Engine;
using Chancery.Search.Languages;

namespace Chancery.Bench.Retrieval;

/// <summary>
/// Pseudo-relevance feedback (RM3: Lavrenko and Croft 2001, Abdul-Jaleel et al. 2004): what the best passages say of themselves is
/// looked for as well, by how often they say it. The table of the <c>ranking</c> benchmark tells why the product has none.
/// </summary>
internal static class RelevanceModel
{
    private const int MostPassages = 10;
    private const int MostTerms = 10;

    /// <summary>A term of more passages than this share tells nothing.</summary>
    private const double TooCommon = 0.1;

    /// <summary>What to look for beside the query, for <see cref="SearchRequest.Supporting"/>.</summary>
    /// <param name="query">As it was asked; plain text.</param>
    /// <param name="best">The passages that it found by words, best first, with their scores; ten are enough.</param>
    /// <param name="statisticsOf">How common terms are: see <see cref="SearchIndex.StatisticsOf"/>.</param>
    public static IReadOnlyList<SupportingTerm> TermsOf(
        string query,
        IReadOnlyList<(RankingCandidate Passage, double Score)> best,
        Func<IEnumerable<string>, CorpusStatistics> statisticsOf
    )
    {
        ArgumentNullException.ThrowIfNull(best);
        ArgumentNullException.ThrowIfNull(statisticsOf);

        var likely = new Dictionary<string, double>(StringComparer.Ordinal);
        var languages = LanguageSet.English;
        var scores = best.Take(MostPassages).Sum(one => one.Score);
        if (!(scores > 0))
            return [];
        foreach (var (passage, score) in best.Take(MostPassages))
        {
            var language = PassageLanguages.Of(passage.Title, passage.Heading, passage.Text).Body;
            languages = languages.With(language);
            var tokens = TextAnalyzer
                .Analyze(passage.Text, language)
                .FindAll(token => !token.IsStopWord && token.Kind is TokenKind.Word && token.Term.Length > 2);
            foreach (var token in tokens)
                likely[token.Term] = likely.GetValueOrDefault(token.Term) + (score / scores / tokens.Count);
        }

        var asked = QueryWords.Parse(query, languages);
        var known = asked.Terms.ToHashSet(StringComparer.Ordinal);
        var statistics = statisticsOf(likely.Keys);
        var chosen = likely
            .Where(term =>
                !known.Contains(term.Key)
                && statistics.DocumentFrequencies.GetValueOrDefault(term.Key) <= TooCommon * statistics.PassageCount
            )
            .OrderByDescending(term => term.Value)
            .ThenBy(term => term.Key, StringComparer.Ordinal)
            .Take(MostTerms)
            .ToList();
        // The query and what is added weigh alike as a whole.
        var sum = chosen.Sum(term => term.Value);
        return
        [
            .. chosen.Select(term => new SupportingTerm(
                term.Key,
                Math.Min(1, asked.Words.Count * term.Value / (2 * sum))
            )),
        ];
    }
}
