using System.Text;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>By which route a query came.</summary>
public static class QuerySource
{
    public const string Search = "search";
    public const string Compatible = "compatible";
}

/// <summary>What a query wanted beside its words.</summary>
/// <param name="Threshold">Null for none.</param>
public sealed record QueryWish(
    int Limit,
    double? Threshold,
    Guid[]? Documents,
    string[]? Tags,
    Guid[]? Collections,
    DateTimeOffset? From,
    DateTimeOffset? To
);

/// <summary>A passage that was found, by its ids only: its text may have changed, or be nobody's to read any more.</summary>
public sealed record LoggedPassage(Guid ChunkId, Guid DocumentId, int Page, double Score);

/// <summary>A query as it is written down.</summary>
internal sealed record LoggedQuery(
    Guid TenantId,
    Guid QueryId,
    Guid PrincipalId,
    Guid UserId,
    string Source,
    string Query,
    QueryWish Wish,
    string Mode,
    string Engine,
    string? Note,
    IReadOnlyList<LoggedPassage> Results,
    IReadOnlyDictionary<string, double> Stages,
    double TotalMs,
    DateTimeOffset CreatedAt
)
{
    public static LoggedQuery Of(
        Principal principal,
        string source,
        PassageQuery query,
        PassageResults found,
        TimeSpan took,
        DateTimeOffset now
    ) =>
        new(
            principal.Tenant.Value,
            Guid.CreateVersion7(now),
            principal.Id,
            principal.UserId,
            source,
            Storable(query.Text),
            new QueryWish(
                query.Limit,
                query.Threshold,
                query.Documents,
                query.Tags,
                query.Collections,
                query.From,
                query.To
            ),
            found.Mode,
            found.Engine,
            found.Note,
            [
                .. found.Passages.Select(passage => new LoggedPassage(
                    passage.ChunkId,
                    passage.DocumentId,
                    passage.Page,
                    passage.Score
                )),
            ],
            found.StageMilliseconds,
            took.TotalMilliseconds,
            now
        );

    /// <summary>A query may hold what PostgreSQL's text cannot: NUL, and half of a character.</summary>
    private static string Storable(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
}

/// <summary>A logged query as the API shows it.</summary>
/// <param name="Source">By which route it came: search, or compatible for a path of older clients.</param>
/// <param name="Note">What the answer said of itself, such as why only words were searched.</param>
/// <param name="Stages">Milliseconds by stage.</param>
/// <param name="Found">How many passages were found.</param>
/// <param name="UserId">Who asked, or made the key that did.</param>
/// <param name="KeyId">The API key that asked; null for a person.</param>
public sealed record QueryView(
    Guid Id,
    string Query,
    QueryWish Wish,
    [property: OneOf("QuerySource", QuerySource.Search, QuerySource.Compatible)] string Source,
    [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string Mode,
    [property: OneOf("SearchEngine", SearchEngines.Memory, SearchEngines.Postgres)] string Engine,
    string? Note,
    IReadOnlyDictionary<string, double> Stages,
    double TotalMs,
    int Found,
    Guid UserId,
    Guid? KeyId,
    DateTimeOffset CreatedAt
);

/// <summary>A passage of a logged query. What a document is called is told while it is there.</summary>
/// <param name="Rank">From 1.</param>
public sealed record FoundThen(int Rank, Guid ChunkId, Guid DocumentId, int Page, double Score, string? Title);
