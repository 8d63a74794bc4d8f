using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary><c>/api/v1/embeddings/model</c>: which embedding model the organisation is searched with, and the change to another one.</summary>
internal static class ModelChangeEndpoints
{
    private const int MostChanges = 10;

    /// <param name="Model">A name or a label of <c>models</c>; left out, the installation's own, which is then followed.</param>
    public sealed record Request([StringLength(200)] string? Model = null);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/embeddings/model", GetAsync)
            .WithName("GetSearchModel")
            .WithDescription(
                "Each organisation is searched with one model at a time. While a change runs the former one serves, and the vectors "
                    + "of the other are made in the background; then it serves from one moment to the next."
            )
            .WithSummary("Which model your organisation is searched with, and how far a change is")
            .RequirePermission(Permission.DocumentsRead)
            .WithExample(new RouteExample());
        routes
            .MapPost("/embeddings/model/estimate", EstimateAsync)
            .NotAudited("it changes nothing")
            .WithName("EstimateModelChange")
            .WithDescription(
                "Counts what is to be made, and has the model encode one batch of it, which tells the time (and costs what a batch "
                    + "costs). Nothing is kept or changed."
            )
            .WithSummary("What a change to another model would take")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Body = "{}" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        routes
            .MapPost("/embeddings/model/change", ChangeAsync)
            .Audited("search_model.changed")
            .WithCost(RouteCost.Costly)
            .WithName("ChangeSearchModel")
            .WithDescription(
                "Begins a change and answers at once; `GET /api/v1/embeddings/model` tells how far it is. Where all vectors are there, as "
                    + "after a change back to the former model, it is over in a moment. Nothing happens where that model serves. "
                    + "A change to a third model has to wait, or the running one to be cancelled."
            )
            .WithSummary("Have your organisation searched with another model")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Body = "{}" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        routes
            .MapDelete("/embeddings/model/change", CancelAsync)
            .Audited("search_model.change_cancelled")
            .WithName("CancelModelChange")
            .WithDescription(
                "The former model goes on serving, and the vectors that were made are removed, except those of a model that served before "
                    + "and are still kept. Nothing happens where no change runs."
            )
            .WithSummary("Take the running change of the model back")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample());
    }

    private static async Task<Ok<SearchModelView>> GetAsync(
        Principal principal,
        SearchModelViews views,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(await views.OfAsync(principal.Tenant, MostChanges, cancellationToken));

    private static async Task<Results<Ok<ModelEstimate>, ProblemHttpResult>> EstimateAsync(
        Request request,
        Principal principal,
        EmbeddingModels models,
        ModelEstimates estimates,
        CancellationToken cancellationToken
    )
    {
        var (wanted, problem) = Wanted(request, models);
        if (wanted is null)
        {
            return problem!;
        }

        return await estimates.OfAsync(principal.Tenant, wanted, cancellationToken) is { } estimate
            ? TypedResults.Ok(estimate)
            : NoVectors();
    }

    private static async Task<Results<Accepted<SearchModelView>, ProblemHttpResult>> ChangeAsync(
        Request request,
        Principal principal,
        EmbeddingModels models,
        ModelChoiceStore choices,
        SearchModelViews views,
        CancellationToken cancellationToken
    )
    {
        var (wanted, problem) = Wanted(request, models);
        if (wanted is null)
        {
            return problem!;
        }

        if (wanted.Model is null)
        {
            return Problem.Of(
                503,
                "no-embedding-model",
                "There is no embedding model",
                $"{models.LabelOf(wanted.Identity!)} is not installed on this server: chancery models pull installs it."
            );
        }

        return await choices.ChooseAsync(principal, wanted, cancellationToken) switch
        {
            ModelChoiceOutcome.Busy busy => Problem.Conflict(
                "model-change-running",
                "Another change of the model is running",
                $"The change to {models.LabelOf(busy.ToModel)} has not ended. Wait for it, or cancel it first."
            ),
            _ => TypedResults.Accepted(
                "/api/v1/embeddings/model",
                await views.OfAsync(principal.Tenant, MostChanges, cancellationToken)
            ),
        };
    }

    private static async Task<Ok<SearchModelView>> CancelAsync(
        Principal principal,
        ModelChoiceStore choices,
        SearchModelViews views,
        CancellationToken cancellationToken
    )
    {
        await choices.CancelAsync(principal, cancellationToken);
        return TypedResults.Ok(await views.OfAsync(principal.Tenant, MostChanges, cancellationToken));
    }

    private static (Embeddings? Wanted, ProblemHttpResult? Problem) Wanted(Request request, EmbeddingModels models)
    {
        if (!models.All.Any())
        {
            return (
                null,
                Problem.Of(
                    503,
                    "no-embedding-model",
                    "There is no embedding model",
                    "The operator has named none: EMBEDDING_URL names an endpoint, EMBEDDING_LOCAL a model that runs in the server."
                )
            );
        }

        var wanted = string.IsNullOrEmpty(request.Model) ? models.All.First() : models.Named(request.Model);
        return wanted is null
            ? (
                null,
                Problem.Invalid(
                    "model",
                    $"There is no such model here. There are: {string.Join(", ", models.All.Select(one => models.LabelOf(one.Identity!)))}."
                )
            )
            : (wanted, null);
    }

    private static ProblemHttpResult NoVectors() =>
        Problem.Unavailable("This PostgreSQL keeps no vectors: it needs pgvector, as chancery doctor tells.");
}
