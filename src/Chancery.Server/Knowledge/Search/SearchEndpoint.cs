using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.QueryLog;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Search;

/// <summary><c>POST /api/v1/search</c>: the best passages of the current versions for one query.</summary>
internal static class SearchEndpoint
{
    private const int MaxFilterValues = 1000;

    /// <param name="Query">Words, <c>"phrases"</c>, <c>-exclusions</c>; 1 to 4096 characters.</param>
    /// <param name="Limit">Most passages, 1 to 100.</param>
    /// <param name="Threshold">Cosine similarity, 0 to 1, that a passage must exceed; needs an embedding model.</param>
    /// <param name="Tags">Documents with at least one of them.</param>
    /// <param name="From">Documents made at or after this time.</param>
    /// <param name="To">Documents made before this time.</param>
    /// <param name="Explain">Whether each passage says how each stage ranked it.</param>
    /// <param name="Rerank">
    /// What ranks the best passages again: maxsim compares tokens by the local model, cross asks the operator's cross-encoder, off for nothing;
    /// auto, or left out, is what the server's setting says.
    /// </param>
    public sealed record Request(
        [Required, StringLength(4096, MinimumLength = 1)] string Query,
        [Range(1, 100)] int Limit = 5,
        [Range(0.0, 1.0)] double? Threshold = null,
        [MaxLength(MaxFilterValues)] Guid[]? Documents = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null,
        [MaxLength(MaxFilterValues)] Guid[]? Collections = null,
        DateTimeOffset? From = null,
        DateTimeOffset? To = null,
        bool Explain = false,
        [property: OneOf("Rerank", RerankNames.Auto, RerankNames.Off, RerankNames.MaxSim, RerankNames.Cross)]
            string? Rerank = null
    );

    /// <param name="Mode">hybrid or lexical.</param>
    /// <param name="Engine">memory: the index in this server. postgres: while that is loaded, or where it does not fit.</param>
    /// <param name="Model">The embedding model that told the meaning, by the name of its vectors; left out when lexical.</param>
    /// <param name="Note">Why it is lexical only.</param>
    /// <param name="Rerank">What became of ranking the best passages again; left out where nothing was to.</param>
    public sealed record Response(
        [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string Mode,
        [property: OneOf("SearchEngine", SearchEngines.Memory, SearchEngines.Postgres)] string Engine,
        string? Model,
        string? Note,
        RerankReport? Rerank,
        IReadOnlyList<Passage> Results
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/search", HandleAsync)
            .WithCost(RouteCost.Costly)
            .NotAudited("it changes nothing; the query log has it")
            .WithName("Search")
            .WithDescription(
                "Words, `\"phrases\"` and `-exclusions`. With an embedding model the meaning counts too; without "
                    + "one `mode` is `lexical`, and `note` says why. What was committed before the call began is found "
                    + "by it. Where `rerank` says so the best passages are ranked again, within a time after which their "
                    + "former order is served; `rerank` of the answer tells which it is."
            )
            .WithSummary("Find passages in the current versions of the documents")
            .WithExample(new RouteExample { Body = """{"query":"canary","limit":5}""", ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem();

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Request request,
        Principal principal,
        RecordedSearch search,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(request.Query))
        {
            return Problem.Invalid("query", "Say what to look for.");
        }

        if (!RerankNames.TryRead(request.Rerank, out var rerank))
        {
            return Problem.Invalid("rerank", RerankNames.Allowed);
        }

        if (request.From >= request.To)
        {
            return Problem.Invalid("to", "It must be later than from.");
        }

        if (request.Tags?.Any(tag => tag?.Contains('\0') is true) is true)
        {
            return Problem.Invalid("tags", "No tag holds a NUL character.");
        }

        var query = new PassageQuery(
            request.Query,
            request.Limit,
            request.Threshold,
            request.Documents,
            request.Tags,
            request.Collections,
            request.From,
            request.To,
            request.Explain,
            Rerank: rerank
        );
        var found = await search.SearchAsync(principal, QuerySource.Search, query, cancellationToken);
        return TypedResults.Ok(
            new Response(found.Mode, found.Engine, found.Model, found.Note, found.Rerank, found.Passages)
        );
    }
}
