using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Searching;

/// <summary><c>POST /api/v1/contracts/search</c>: the best clauses, or contracts, for a query.</summary>
internal static class ClauseSearchEndpoint
{
    /// <param name="Query">Words, <c>"phrases"</c>, <c>-exclusions</c>; 1 to 4096 characters.</param>
    /// <param name="Limit">Most results, 1 to 100.</param>
    /// <param name="Per">clause: every clause that fits. contract: the best clause of each contract.</param>
    /// <param name="ClauseType">Only clauses that deal with this: "confidentiality".</param>
    /// <param name="Type">Only contracts of this type.</param>
    /// <param name="Party">A part of a party's name.</param>
    /// <param name="From">Effective on this day or later.</param>
    /// <param name="To">Effective before this day.</param>
    public sealed record Request(
        [Required, StringLength(4096, MinimumLength = 1)] string Query,
        [Range(1, 100)] int Limit = 10,
        [property: OneOf("SearchUnit", "clause", "contract")] string Per = "clause",
        [StringLength(60)] string? ClauseType = null,
        [StringLength(40)] string? Type = null,
        [property: OneOf(
            "ContractStatus",
            ContractStatus.Draft,
            ContractStatus.InReview,
            ContractStatus.Agreed,
            ContractStatus.Archived
        )]
            string? Status = null,
        [StringLength(64)] string? Tag = null,
        [StringLength(200)] string? Party = null,
        DateOnly? From = null,
        DateOnly? To = null
    );

    /// <param name="Mode">hybrid: words and meaning. lexical: words only.</param>
    /// <param name="Note">Why words only.</param>
    /// <param name="Results">Best first.</param>
    public sealed record Response(
        [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string Mode,
        string? Note,
        IReadOnlyList<FoundClause> Results
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        Map(ContractRoutes.Readable(routes), "/search", "SearchContracts");

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, HandleAsync)
            .WithCost(RouteCost.Costly)
            .NotAudited("it changes nothing")
            .WithName(name)
            .WithSummary("Find clauses in the latest revisions of contracts")
            .WithDescription(
                "By words and, with an embedding model, by meaning; a clause is found by what it deals with under whatever heading. What was committed "
                    + "before the call began is found by it."
            )
            .WithExample(new RouteExample { Body = """{"query":"canary","limit":5}""", ShowsContent = true })
            .ProducesValidationProblem();

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Request request,
        Principal principal,
        ClauseSearch search,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(request.Query))
        {
            return Problem.Invalid("query", "Say what to look for.");
        }

        if (request.Per is not ("clause" or "contract"))
        {
            return Problem.Invalid("per", "It is clause or contract.");
        }

        if (request.ClauseType is not null && ClauseTypeName.Find(request.ClauseType) is null)
        {
            return Problem.Invalid("clause_type", $"It is one of {string.Join(", ", ClauseTypeName.All)}.");
        }

        if (request.Status is not null && !ContractStatus.IsOne(request.Status))
        {
            return Problem.Invalid("status", "It is draft, in_review, agreed or archived.");
        }

        if (request.From >= request.To)
        {
            return Problem.Invalid("to", "It must be later than from.");
        }

        if (
            new[] { request.Query, request.Type, request.Tag, request.Party }.Any(text =>
                text?.Contains('\0', StringComparison.Ordinal) is true
            )
        )
        {
            return Problem.Invalid("query", "The character NUL is no text.");
        }

        var found = await search.SearchAsync(
            principal,
            request.Query,
            new ContractFilter(request.Type, request.Status, request.Tag, request.Party, request.From, request.To),
            request.ClauseType,
            request.Limit,
            request.Per == "contract",
            cancellationToken
        );
        return TypedResults.Ok(new Response(found.Mode, found.Note, found.Clauses));
    }
}
