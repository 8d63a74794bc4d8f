using Chancery.Search;
using Chancery.Search.Languages;

namespace Chancery.Server.Knowledge.Search;

/// <summary>A question whose passages are ranked by their page: it names documents, or asks for what reports call by other names.</summary>
/// <param name="Documents">Those that it names, of those that the query allows; empty where it names none.</param>
internal sealed record EvidenceQuestion(Guid[] Documents, EvidenceQuery Evidence)
{
    /// <summary>Null for any other question.</summary>
    /// <param name="languages">Of the tenant's passages.</param>
    public static EvidenceQuestion? Of(PassageQuery query, IReadOnlyList<TitledDocument> titles, LanguageSet languages)
    {
        var wanted = QuerySyntax.Parse(query.Text).Wanted;
        var named = NamedDocuments.Find(wanted, [.. titles.Select(titled => titled.Name)]);
        var documents = named.Places.Select(place => titles[place].DocumentId).Distinct().ToArray();
        if (query.Documents is { Length: > 0 } only)
        {
            documents = [.. documents.Intersect(only)];
        }

        var evidence = EvidenceQuery.Parse(wanted, documents.Length > 0 ? named.Terms : null, languages);
        return (documents.Length == 0 && !evidence.HasItems) || evidence.Terms.Count == 0
            ? null
            : new EvidenceQuestion(documents, evidence);
    }

    /// <summary>The passages for <see cref="EvidenceRanker"/>, with the page that each stands on.</summary>
    public static EvidenceCandidate[] CandidatesOf(IReadOnlyList<PassageRow> rows, AnalysedPassages analysed)
    {
        var pages = new Dictionary<(Guid, int), int>();
        var candidates = new EvidenceCandidate[rows.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            var page = (rows[i].DocumentId, rows[i].Page);
            if (!pages.TryGetValue(page, out var number))
            {
                pages.Add(page, number = pages.Count);
            }

            candidates[i] = new EvidenceCandidate(analysed.Of(rows[i]), number);
        }

        return candidates;
    }
}
