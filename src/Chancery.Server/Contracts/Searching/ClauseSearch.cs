using Chancery.Search;
using Chancery.Search.Engine;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Contracts.Searching;

/// <summary>A clause that was found.</summary>
/// <param name="Number">As others name it: "4.2(a)"; empty where it has none.</param>
/// <param name="Heading">The headings above it and its own: "Liability › Cap".</param>
/// <param name="Type">What it deals with, where that can be told.</param>
/// <param name="Text">Its own words.</param>
/// <param name="Snippet">The part of them that fits the query best.</param>
/// <param name="Highlights">Start and length in <paramref name="Snippet"/> of what matches.</param>
/// <param name="Score">Comparable within one answer only.</param>
public sealed record FoundClause(
    Guid ContractId,
    Guid ClauseId,
    string Number,
    string Heading,
    string? Type,
    string Text,
    string Snippet,
    IReadOnlyList<int[]> Highlights,
    double Score,
    ContractSummary Contract
);

/// <param name="Mode">hybrid: words and meaning. lexical: words only.</param>
/// <param name="Note">Why words only.</param>
internal sealed record ClauseResults(
    [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string Mode,
    string? Note,
    IReadOnlyList<FoundClause> Clauses
);

/// <summary>
/// Finds clauses of the latest revisions of the contracts that somebody may read, by words and meaning. Safe for concurrent use.
/// </summary>
/// <param name="redis">Where vectors are searched in Redis; null where they are in memory. Where Redis cannot answer, they are all the same.</param>
internal sealed class ClauseSearch(
    ClauseIndexes indexes,
    TenantDatabase database,
    TenantModels models,
    QueryEmbedder embedder,
    TimeProvider time,
    RedisClauses? redis = null
)
{
    private const int SnippetLength = 280;
    private const int CandidatesPerResult = 4;

    /// <summary>A clause of so many words counts half.</summary>
    private const double HalfWeightWords = 12;

    private const string RowsSql = """
        SELECT contract_id, clause_id, label, path, type, body FROM contract_clauses
        WHERE tenant_id = @tenant AND clause_id = ANY (@ids)
        ORDER BY contract_id, ordinal
        """;

    private const string HidesSql = "SELECT NOT reads_everything()";

    /// <param name="onePerContract">The best clause of each contract only.</param>
    /// <param name="type">Only clauses that deal with this; null for all.</param>
    public async Task<ClauseResults> SearchAsync(
        Principal principal,
        string query,
        ContractFilter filter,
        string? type,
        int limit,
        bool onePerContract,
        CancellationToken cancellationToken
    )
    {
        var serving = await models.RecentAsync(principal.Tenant, cancellationToken);
        var (vector, note, _) = await embedder.EmbedAsync(
            serving,
            new PassageQuery(query),
            new StageTimes(time),
            cancellationToken
        );
        // Types and lengths are looked at afterwards: more is asked for, so that enough is left.
        var most = Math.Max(100, CandidatesPerResult * limit);
        var contractsOf = await FilterAsync(principal, filter, cancellationToken);
        var nearest =
            redis is not null && vector is { } numbers && serving.Name is { } model
                ? await redis.FindAsync(principal, model, numbers, contractsOf, most, cancellationToken)
                : null;
        var index = await (
            nearest is null
                ? indexes.Of(principal.Tenant, serving.Name).FollowAsync(vector?.Length ?? 0, cancellationToken)
                : indexes.Of(principal.Tenant, null).FollowAsync(0, cancellationToken)
        );
        var found = index.Search(
            new SearchRequest
            {
                Text = query,
                Vector = vector ?? default,
                Nearest = nearest,
                Filter = contractsOf is null ? null : new SearchFilter { Documents = contractsOf },
                Limit = most,
                MostPerDocument = onePerContract ? CandidatesPerResult : 0,
            }
        );

        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = (
            await session.QueryAsync<Row>(
                RowsSql,
                new { tenant = session.Tenant.Value, ids = found.Hits.Select(hit => hit.PassageId).ToArray() },
                cancellationToken
            )
        ).ToDictionary(row => row.ClauseId);
        var contracts = await ContractList.ByIdsAsync(
            session,
            [.. rows.Values.Select(row => row.ContractId).Distinct()],
            cancellationToken
        );
        return new ClauseResults(
            found.Mode is SearchMode.Hybrid or SearchMode.Vectors ? PassageResults.Hybrid : PassageResults.Lexical,
            note,
            [
                .. found
                    .Hits.Select(hit => (Hit: hit, Row: rows.GetValueOrDefault(hit.PassageId)))
                    .Where(one =>
                        one.Row is not null
                        && contracts.ContainsKey(one.Row.ContractId)
                        && (type is null || one.Row.Type == type)
                    )
                    .Select(one => (one.Row, Score: one.Hit.Score * Weight(one.Row!.Body)))
                    .OrderByDescending(one => one.Score)
                    .DistinctBy(one => onePerContract ? one.Row!.ContractId : one.Row!.ClauseId)
                    .Take(limit)
                    .Select(one => ToFound(query, one.Row!, one.Score, contracts[one.Row!.ContractId])),
            ]
        );
    }

    /// <summary>Contracts that they may find clauses of; null for all there are.</summary>
    private async Task<Guid[]?> FilterAsync(
        Principal principal,
        ContractFilter filter,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        // Who reads everything and filters nothing is spared the list of what they may see.
        return filter.IsOpen && !await session.FindAsync<bool>(HidesSql, null, cancellationToken)
            ? null
            : [.. await ContractList.IdsAsync(session, filter, cancellationToken)];
    }

    /// <summary>
    /// What a score counts for a clause of this length, between 0 and 1: rankings by words favour short texts, and a clause of three words
    /// that are all in the query says less than one that sets something out.
    /// </summary>
    private static double Weight(string body)
    {
        var words = 1 + body.AsSpan().Count(' ');
        return words / (words + HalfWeightWords);
    }

    private static FoundClause ToFound(string query, Row row, double score, ContractSummary contract)
    {
        var snippet = Highlighter.Snippet(query, row.Body, SnippetLength);
        return new FoundClause(
            row.ContractId,
            row.ClauseId,
            row.Label,
            row.Path,
            row.Type,
            row.Body,
            row.Body.Substring(snippet.Span.Start, snippet.Span.Length),
            [.. snippet.Highlights.Select(mark => new[] { mark.Start - snippet.Span.Start, mark.Length })],
            score,
            contract
        );
    }

    private sealed class Row
    {
        public Guid ContractId { get; init; }

        public Guid ClauseId { get; init; }

        public string Label { get; init; } = "";

        public string Path { get; init; } = "";

        public string? Type { get; init; }

        public string Body { get; init; } = "";
    }
}
