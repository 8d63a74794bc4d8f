using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Reading;

/// <summary><c>/api/v1/contracts</c>: lists of contracts, one of them at a revision, and its revisions.</summary>
internal static class ContractEndpoints
{
    private const int MostText = 200;

    public sealed record ListResponse(IReadOnlyList<ContractSummary> Items, string? NextCursor);

    /// <param name="Items">Newest first.</param>
    public sealed record RevisionsResponse(IReadOnlyList<RevisionSummary> Items, string? NextCursor);

    /// <summary>What is absent stays as it is.</summary>
    public sealed record ChangeRequest(
        [property: OneOf(
            "ContractStatus",
            ContractStatus.Draft,
            ContractStatus.InReview,
            ContractStatus.Agreed,
            ContractStatus.Archived
        )]
            string? Status = null,
        [StringLength(40, MinimumLength = 1)] string? Type = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = ContractRoutes.Readable(routes);
        MapList(reading, "", "ListContracts");
        reading
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetContract")
            .WithSummary("Read a contract at its latest revision")
            .WithDescription("`ETag` is the revision: send it as `If-Match` with a change.")
            .WithExample(ContractRoutes.OneContract with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        MapRevisions(reading, "/{id:guid}/revisions", "ListRevisions");
        reading
            .MapGet("/{id:guid}/revisions/{number:int}", RevisionAsync)
            .WithName("GetRevision")
            .WithSummary("Read a contract as it was at one revision")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string>(ContractRoutes.One) { ["number"] = "1" },
                    ShowsContent = true,
                }
            )
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = ContractRoutes.Writable(routes);
        writing
            .MapPatch("/{id:guid}", ChangeAsync)
            .Audited("contract.changed")
            .WithName("ChangeContract")
            .WithSummary("Change a contract's status, type or tags")
            .WithDescription("What is left out stays as it is. The text is changed by revisions.")
            .WithExample(ContractRoutes.OneContract with { Body = """{"status":"in_review","tags":["{unique}"]}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        writing
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("contract.deleted")
            .WithName("DeleteContract")
            .WithSummary("Delete a contract; it can be restored")
            .WithExample(ContractRoutes.OneContract)
            .ProducesProblem(StatusCodes.Status404NotFound);
        writing
            .MapPost("/{id:guid}/restore", RestoreAsync)
            .Audited("contract.restored")
            .WithName("RestoreContract")
            .WithSummary("Bring a deleted contract back, with all its revisions")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "deleted_contract" } })
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>The list, under another path for older clients too.</summary>
    internal static RouteHandlerBuilder MapList(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapGet(path, ListAsync)
            .WithName(name)
            .WithSummary("List contracts, each at its latest revision; those that changed last first")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();

    /// <summary>The revisions of one, likewise.</summary>
    internal static RouteHandlerBuilder MapRevisions(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapGet(path, RevisionsAsync)
            .WithName(name)
            .WithSummary("List a contract's revisions, newest first, each with what was asked")
            .WithExample(ContractRoutes.OneContract with { ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    /// <summary>The revision that a client has, as an entity tag.</summary>
    public static string TagOf(int revision) => $"\"{revision}\"";

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        ContractList contracts,
        CancellationToken cancellationToken,
        [Description("Only contracts of this type."), StringLength(40)] string? type = null,
        [Description("draft, in_review, agreed or archived.")] string? status = null,
        [Description("Only contracts with this tag."), StringLength(100)] string? tag = null,
        [Description("A part of a party's name."), StringLength(MostText)] string? party = null,
        [Description("A part of the title or of a party's name."), StringLength(MostText)] string? q = null,
        [Description("Effective on this day or later.")] DateOnly? from = null,
        [Description("Effective before this day.")] DateOnly? to = null,
        [Range(1, 100)] int limit = 50,
        string? cursor = null
    )
    {
        if (!Cursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (status is not null && !ContractStatus.IsOne(status))
        {
            return Problem.Invalid("status", "It is draft, in_review, agreed or archived.");
        }

        if (from >= to)
        {
            return Problem.Invalid("to", "It must be later than from.");
        }

        if (new[] { type, tag, party, q }.Any(text => text?.Contains('\0', StringComparison.Ordinal) is true))
        {
            return Problem.Invalid("q", "The character NUL is no text.");
        }

        var filter = new ContractFilter(type, status, tag, party, from, to, q);
        var found = await contracts.ListAsync(principal, filter, after, limit + 1, cancellationToken);
        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(
            new ListResponse(
                items,
                found.Count > limit ? new Cursor(items[^1].UpdatedAt, items[^1].Id).ToString() : null
            )
        );
    }

    private static async Task<Results<Ok<ContractView>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        CancellationToken cancellationToken
    )
    {
        if (await contracts.FindAsync(principal, id, null, cancellationToken) is not { } found)
        {
            return Problem.NotFound("contract");
        }

        http.Response.Headers.ETag = TagOf(found.Revision.Number);
        return TypedResults.Ok(ContractView.Of(found));
    }

    private static async Task<Results<Ok<RevisionsResponse>, ProblemHttpResult>> RevisionsAsync(
        Guid id,
        Principal principal,
        ContractStore contracts,
        CancellationToken cancellationToken,
        [Range(1, 200)] int limit = 50,
        [Description("Next_cursor of the page before."), Range(1, int.MaxValue)] int? cursor = null
    )
    {
        var found = await contracts.RevisionsAsync(principal, id, cursor, limit + 1, cancellationToken);
        if (found.Count == 0 && await contracts.FindSummaryAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("contract");
        }

        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(
            new RevisionsResponse(
                items,
                found.Count > limit
                    ? items[^1].Number.ToString(System.Globalization.CultureInfo.InvariantCulture)
                    : null
            )
        );
    }

    private static async Task<Results<Ok<ContractView>, ProblemHttpResult>> RevisionAsync(
        Guid id,
        [Description("The number of the revision, from 1.")] int number,
        Principal principal,
        ContractStore contracts,
        CancellationToken cancellationToken
    ) =>
        await contracts.FindAsync(principal, id, number, cancellationToken) is { } found
            ? TypedResults.Ok(ContractView.Of(found))
            : Problem.NotFound("revision");

    private static async Task<Results<Ok<ContractSummary>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        HttpContext http,
        ContractList contracts,
        CancellationToken cancellationToken
    )
    {
        if (request.Status is not null && !ContractStatus.IsOne(request.Status))
        {
            return Problem.Invalid("status", "It is draft, in_review, agreed or archived.");
        }

        var (tags, wrong) = TagNames.Clean(request.Tags ?? []);
        if (wrong is not null)
        {
            return Problem.Invalid("tags", wrong);
        }

        http.Audit().Add("status", request.Status).Add("type", request.Type);
        return
            await contracts.ChangeAsync(
                principal,
                id,
                request.Status,
                request.Type,
                request.Tags is null ? null : tags,
                cancellationToken
            )
                is { } changed
            ? TypedResults.Ok(changed)
            : Problem.NotFound("contract");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        ContractList contracts,
        CancellationToken cancellationToken
    ) =>
        await contracts.DeleteAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("contract");

    private static async Task<Results<Ok<ContractSummary>, ProblemHttpResult>> RestoreAsync(
        Guid id,
        Principal principal,
        ContractList contracts,
        CancellationToken cancellationToken
    ) =>
        await contracts.RestoreAsync(principal, id, cancellationToken) is { } restored
            ? TypedResults.Ok(restored)
            : Problem.NotFound("deleted contract");
}
