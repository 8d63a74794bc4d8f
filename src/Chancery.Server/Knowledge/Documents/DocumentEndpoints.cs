using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Documents;

/// <summary><c>/api/v1/docs</c> without files: get, change, delete, restore.</summary>
internal static class DocumentEndpoints
{
    /// <param name="Title">1 to 300 characters. What is absent stays as it is.</param>
    /// <param name="Author">Up to 300 characters.</param>
    /// <param name="Tags">All tags of the document, at most 50.</param>
    /// <param name="CollectionId">Where the document goes.</param>
    public sealed record ChangeRequest(
        [StringLength(DocumentText.MaxTitle, MinimumLength = 1)] string? Title,
        [StringLength(DocumentText.MaxAuthor)] string? Author,
        string[]? Tags,
        Guid? CollectionId
    );

    private static readonly Dictionary<string, string> AnyDocument = new() { ["id"] = "document" };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/docs/{id:guid}", GetAsync)
            .WithName("GetDocument")
            .WithDescription(
                "`state` and all that belongs to a version are those of the latest; `current_version` is what "
                    + "search uses."
            )
            .WithSummary("Show a document and the state of its latest version")
            .WithExample(new RouteExample { Path = AnyDocument, ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPatch("/docs/{id:guid}", ChangeAsync)
            .Audited("document.changed")
            .WithName("ChangeDocument")
            .WithDescription("What is left out stays as it is. A new title is found by search at once.")
            .WithSummary("Change title, author, tags or collection")
            .WithExample(new RouteExample { Path = AnyDocument, Body = """{"author":"{unique}"}""" })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapDelete("/docs/{id:guid}", DeleteAsync)
            .Audited("document.deleted")
            .WithName("DeleteDocument")
            .WithDescription(
                "It is gone from search, answers and lists at once; versions and files stay until they are " + "erased."
            )
            .WithSummary("Hide a document from search and lists; it can be restored")
            .WithExample(new RouteExample { Path = AnyDocument })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPost("/docs/{id:guid}/restore", RestoreAsync)
            .Audited("document.restored")
            .WithName("RestoreDocument")
            .WithDescription("It is back in search and lists at once, as it was.")
            .WithSummary("Bring a deleted document back")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "deleted" } })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<DocumentView>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        DocumentStore documents,
        CancellationToken cancellationToken
    ) =>
        await documents.FindAsync(principal, id, cancellationToken) is { } document
            ? TypedResults.Ok(document)
            : Problem.NotFound("document");

    private static async Task<Results<Ok<DocumentView>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        DocumentStore documents,
        CancellationToken cancellationToken
    )
    {
        var title = request.Title is null ? null : FileNames.CleanText(request.Title);
        if (title is { Length: 0 })
        {
            return Problem.Invalid("title", "A title has at least one visible character.");
        }

        string[]? tags = null;
        if (request.Tags is not null)
        {
            (tags, var error) = TagNames.Clean(request.Tags);
            if (error is not null)
            {
                return Problem.Invalid("tags", error);
            }
        }

        var author = request.Author is null ? null : FileNames.CleanText(request.Author);
        var change = new DocumentChange(title, author, tags, request.CollectionId);
        return DocumentProblem.Answer(await documents.ChangeAsync(principal, id, change, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        DocumentStore documents,
        AnswerCache answers,
        CancellationToken cancellationToken
    )
    {
        if (await documents.DeleteAsync(principal, id, cancellationToken) is not DocumentOutcome.Done)
        {
            return Problem.NotFound("document");
        }

        await answers.ForgetDocumentsAsync(principal.Tenant, [id]);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<DocumentView>, ProblemHttpResult>> RestoreAsync(
        Guid id,
        Principal principal,
        DocumentStore documents,
        CancellationToken cancellationToken
    ) => DocumentProblem.Answer(await documents.RestoreAsync(principal, id, cancellationToken));
}
