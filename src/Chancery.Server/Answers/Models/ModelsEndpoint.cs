using Chancery.Server.Access;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Answers.Models;

/// <summary><c>GET /api/v1/models</c>: what a question can be answered with.</summary>
public static class ModelsEndpoint
{
    public sealed record Response(IReadOnlyList<Item> Items, string? NextCursor);

    /// <param name="Kind"><c>extractive</c> or <c>openai-compatible</c>.</param>
    /// <param name="Default">Whether a question that names no model goes there.</param>
    public sealed record Item(
        string Id,
        string Name,
        [property: OneOf("ModelKind", "extractive", "openai-compatible")] string Kind,
        bool Default
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/models", Handle)
            .WithName("ListModels")
            .WithDescription("`extractive` is always there: it chooses and quotes sentences, without a model.")
            .WithSummary("List what a question can be answered with")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static Ok<Response> Handle(ModelCatalogue models) =>
        TypedResults.Ok(
            new Response(
                [.. models.Models.Select(model => new Item(model.Id, model.Name, model.Kind, model == models.Default))],
                NextCursor: null
            )
        );
}
