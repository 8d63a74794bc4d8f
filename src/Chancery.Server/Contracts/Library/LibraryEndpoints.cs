using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Contracts.Library;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Library;

/// <summary>
/// <c>/api/v1/clauses</c>: an organisation's own clauses, which drafts take before others; and the templates and clauses that are shipped.
/// </summary>
internal static class LibraryEndpoints
{
    public sealed record ListResponse(IReadOnlyList<OwnClause> Items, string? NextCursor);

    public sealed record SaveRequest(
        [Required, StringLength(60)] string Type,
        [Required, StringLength(200, MinimumLength = 1)] string Title,
        [Required, StringLength(40_000, MinimumLength = 1)] string Text,
        [StringLength(35, MinimumLength = 2)] string? Language = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null,
        [StringLength(1000)] string? Note = null
    );

    /// <param name="Kind">What the contract is: nda, services, employment, lease, saas.</param>
    /// <param name="Summary">When to take it.</param>
    /// <param name="Headings">Of its clauses.</param>
    public sealed record TemplateView(
        string Id,
        string Kind,
        string Title,
        string Language,
        string Summary,
        IReadOnlyList<string> Headings
    );

    /// <param name="Notice">That none of it is legal advice.</param>
    public sealed record TemplatesResponse(string Notice, IReadOnlyList<TemplateView> Items, string? NextCursor);

    /// <summary>A clause that is shipped.</summary>
    public sealed record ShippedClauseView(
        string Id,
        string Type,
        string Title,
        string Text,
        string Language,
        string Note
    );

    public sealed record ShippedResponse(string Notice, IReadOnlyList<ShippedClauseView> Items, string? NextCursor);

    private static readonly RouteExample One = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "library_clause" },
    };

    private const string Body =
        """{"type":"confidentiality","title":"{unique}","text":"Each party keeps it to itself."}""";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = ContractRoutes.Readable(routes, "/api/v1/clauses");
        reading
            .MapGet("", ListAsync)
            .WithName("ListClauses")
            .WithSummary("List the organisation's own clauses, newest first")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();
        reading
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetClause")
            .WithSummary("Show one of the organisation's own clauses")
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/shipped", Shipped)
            .WithName("ListShippedClauses")
            .WithSummary("List the clauses that come with Chancery")
            .WithDescription("Of our own writing, for drafts to be built on. They are not legal advice.")
            .WithExample(new RouteExample { Query = "type=confidentiality" })
            .ProducesValidationProblem();
        ContractRoutes
            .Readable(routes, "/api/v1/contract-templates")
            .MapGet("", Templates)
            .WithName("ListContractTemplates")
            .WithSummary("List the templates that come with Chancery")
            .WithDescription("Of our own writing, for drafts to be built on. They are not legal advice.")
            .WithExample(new RouteExample());

        var writing = ContractRoutes.Writable(routes, "/api/v1/clauses");
        writing
            .MapPost("", CreateAsync)
            .Audited("library_clause.created")
            .WithName("CreateClause")
            .WithSummary("Add a clause to the organisation's library")
            .TakesIdempotencyKey()
            .WithExample(new RouteExample { Body = Body })
            .ProducesValidationProblem();
        writing
            .MapPut("/{id:guid}", ReplaceAsync)
            .Audited("library_clause.changed")
            .WithName("ReplaceClause")
            .WithSummary("Change a clause of the organisation's library")
            .WithExample(One with { Body = Body })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        writing
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("library_clause.deleted")
            .WithName("DeleteClause")
            .WithSummary("Take a clause out of the organisation's library")
            .WithExample(One)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        LibraryStore library,
        CancellationToken cancellationToken,
        [Description("Only clauses that deal with this.")] string? type = null,
        [Range(1, 100)] int limit = 50,
        string? cursor = null
    )
    {
        if (!Cursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (type is not null && ClauseTypeName.Find(type) is null)
        {
            return NoSuchType("type");
        }

        var found = await library.ListAsync(principal, type, after, limit + 1, cancellationToken);
        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(
            new ListResponse(
                items,
                found.Count > limit ? new Cursor(items[^1].CreatedAt, items[^1].Id).ToString() : null
            )
        );
    }

    private static async Task<Results<Ok<OwnClause>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        LibraryStore library,
        CancellationToken cancellationToken
    ) =>
        await library.FindAsync(principal, id, cancellationToken) is { } clause
            ? TypedResults.Ok(clause)
            : Problem.NotFound("clause");

    private static Results<Ok<ShippedResponse>, ProblemHttpResult> Shipped(
        [Description("Only clauses that deal with this.")] string? type = null
    )
    {
        if (type is not null && ClauseTypeName.Find(type) is null)
        {
            return NoSuchType("type");
        }

        return TypedResults.Ok(
            new ShippedResponse(
                ClauseLibrary.Notice(),
                [
                    .. ClauseLibrary
                        .Clauses.Select(clause => new ShippedClauseView(
                            clause.Id,
                            ClauseTypeName.Of(clause.Type),
                            clause.Content.Heading,
                            WordsOf(clause.Content),
                            clause.Language,
                            clause.Note
                        ))
                        .Where(clause => type is null || clause.Type == type),
                ],
                null
            )
        );
    }

    private static Ok<TemplatesResponse> Templates() =>
        TypedResults.Ok(
            new TemplatesResponse(
                ClauseLibrary.Notice(),
                [
                    .. ClauseLibrary.Templates.Select(template => new TemplateView(
                        template.Id,
                        template.Kind,
                        template.Title,
                        template.Language,
                        template.Summary,
                        [.. template.Clauses.Select(clause => clause.Heading)]
                    )),
                ],
                null
            )
        );

    private static async Task<Results<Created<OwnClause>, ProblemHttpResult>> CreateAsync(
        SaveRequest request,
        Principal principal,
        LibraryStore library,
        CancellationToken cancellationToken
    )
    {
        var (saved, problem) = await SaveAsync(Guid.CreateVersion7(), request, principal, library, cancellationToken);
        return problem is not null ? problem : TypedResults.Created($"/api/v1/clauses/{saved!.Id}", saved);
    }

    private static async Task<Results<Ok<OwnClause>, ProblemHttpResult>> ReplaceAsync(
        Guid id,
        SaveRequest request,
        Principal principal,
        LibraryStore library,
        CancellationToken cancellationToken
    )
    {
        if (await library.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("clause");
        }

        var (saved, problem) = await SaveAsync(id, request, principal, library, cancellationToken);
        return problem is not null ? problem : TypedResults.Ok(saved!);
    }

    private static async Task<(OwnClause? Saved, ProblemHttpResult? Problem)> SaveAsync(
        Guid id,
        SaveRequest request,
        Principal principal,
        LibraryStore library,
        CancellationToken cancellationToken
    )
    {
        var title = DraftReader.Line(request.Title)!;
        var text = DraftReader.Paragraphs(request.Text);
        if (title.Length == 0 || text.Length == 0)
        {
            return (null, Problem.Invalid(title.Length == 0 ? "title" : "text", "Say something."));
        }

        if (ClauseTypeName.Find(request.Type) is null)
        {
            return (null, NoSuchType("type"));
        }

        var (tags, wrong) = TagNames.Clean(request.Tags ?? []);
        if (wrong is not null)
        {
            return (null, Problem.Invalid("tags", wrong));
        }

        return (
            await library.SaveAsync(
                principal,
                id,
                request.Type,
                title,
                text,
                request.Language ?? "en",
                tags,
                DraftReader.Line(request.Note),
                cancellationToken
            ),
            null
        );
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        LibraryStore library,
        CancellationToken cancellationToken
    ) =>
        await library.DeleteAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("clause");

    private static string WordsOf(TemplateClause clause) =>
        string.Join(
            '\n',
            clause
                .Children.SelectMany(child => (string[])[child.Heading, WordsOf(child)])
                .Prepend(clause.Text)
                .Where(one => one.Length > 0)
        );

    private static ProblemHttpResult NoSuchType(string field) =>
        Problem.Invalid(field, $"It is one of {string.Join(", ", ClauseTypeName.All)}.");
}
