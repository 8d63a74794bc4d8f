using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Bulk;

/// <summary>
/// <c>POST /api/v1/docs/bulk</c>: one thing done to up to 200 documents, all of it or nothing. What a single document could
/// not take is told for that document and holds nobody else back.
/// </summary>
internal static class BulkEndpoint
{
    public const int MaxIds = 200;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/docs/bulk", HandleAsync)
            .Audited("document.bulk_changed")
            .WithCost(RouteCost.Costly)
            .WithName("ChangeDocuments")
            .TakesIdempotencyKey()
            .WithSummary("Delete, restore, move, tag or process many documents at once")
            .WithExample(new RouteExample { Body = """{"action":"tag","ids":["{document}"],"tags":["seen"]}""" })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<BulkAnswer>, ProblemHttpResult>> HandleAsync(
        BulkRequest request,
        Principal principal,
        BulkStore store,
        AnswerCache answers,
        CancellationToken cancellationToken
    )
    {
        if (request.Action is null || !BulkAction.All.Contains(request.Action))
        {
            return Problem.Invalid("action", $"It is one of {string.Join(", ", BulkAction.All)}.");
        }

        if (request.Ids is not { Count: > 0 and <= MaxIds })
        {
            return Problem.Invalid("ids", $"1 to {MaxIds} ids of documents.");
        }

        if (request.Action == BulkAction.Move && request.CollectionId is null)
        {
            return Problem.Invalid("collection_id", "Moving takes the id of a collection.");
        }

        string[] tags = [];
        if (request.Action is BulkAction.Tag or BulkAction.Untag)
        {
            (tags, var error) = TagNames.Clean(request.Tags?.Where(tag => tag is not null) ?? []);
            if (error is not null || tags.Length == 0)
            {
                return Problem.Invalid("tags", error ?? "At least one tag with a visible character.");
            }
        }

        if (await store.RunAsync(principal, request with { Tags = tags }, cancellationToken) is not { } answer)
        {
            return Problem.NotFound("collection");
        }

        if (request.Action is BulkAction.Delete)
        {
            var deleted = answer.Results.Where(result => result.Outcome == BulkOutcome.Done);
            await answers.ForgetDocumentsAsync(principal.Tenant, deleted.Select(result => result.Id));
        }

        return TypedResults.Ok(answer);
    }
}
