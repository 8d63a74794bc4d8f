using Chancery.Server.Access;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Inference.Registry;

/// <summary><c>GET /api/v1/models</c>: what a question can be answered with.</summary>
public static class ModelsEndpoint
{
    /// <param name="Unavailable">Models of known providers that take something first.</param>
    public sealed record Response(IReadOnlyList<Item> Items, IReadOnlyList<Missing> Unavailable, string? NextCursor);

    /// <param name="Kind"><c>extractive</c>, or how the model is spoken to.</param>
    /// <param name="Default">Whether a question that names no model goes there.</param>
    /// <param name="Provider">The known provider that it is of; left out for others.</param>
    /// <param name="OwnKey">True when it is asked with the caller's own key; else left out.</param>
    /// <param name="Reasoning">
    /// How it thinks step by step when a question asks for <c>reasoning</c>: by itself (<c>native</c>), by being asked to
    /// (<c>prompted</c>), or not at all (<c>none</c>).
    /// </param>
    /// <param name="MaxOutputTokens">The most that <c>max_tokens</c> may be; left out where nothing counts tokens.</param>
    public sealed record Item(
        string Id,
        string Name,
        [property: OneOf("ModelKind", "extractive", "openai-compatible", "anthropic", "gemini")] string Kind,
        bool Default,
        string? Provider,
        bool? OwnKey,
        [property: OneOf("ModelReasoning", "none", "prompted", "native")] string Reasoning,
        int? MaxOutputTokens
    );

    /// <param name="WhatToDo">Before it answers, for a person.</param>
    /// <param name="TakesKey">Whether a key of one's own opens it.</param>
    public sealed record Missing(string Id, string Name, string Provider, string WhatToDo, bool TakesKey);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/models", HandleAsync)
            .WithName("ListModels")
            .WithDescription("`extractive` is always there: it chooses and quotes sentences, without a model.")
            .WithSummary("List what a question can be answered with")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static string ReasoningOf(ChatModel model) =>
        model.Reasons switch
        {
            ModelReasoning.Native => "native",
            ModelReasoning.Prompted => "prompted",
            _ => "none",
        };

    private static async Task<Ok<Response>> HandleAsync(
        Principal principal,
        ModelChoice choice,
        CancellationToken cancellationToken
    )
    {
        var offer = await choice.OfferAsync(principal, cancellationToken);
        return TypedResults.Ok(
            new Response(
                [
                    .. offer.Usable.Select(model => new Item(
                        model.Id,
                        model.Name,
                        model.Kind,
                        model.Id == offer.Default.Id,
                        model.Provider,
                        model.IsOwnKey ? true : null,
                        ReasoningOf(model),
                        model.MaxOutputTokens
                    )),
                ],
                [
                    .. offer.Others.Select(model => new Missing(
                        model.Id,
                        model.Name,
                        model.Preset.Id,
                        ModelChoice.WhatToDo(model),
                        model.Preset.TakesKey
                    )),
                ],
                NextCursor: null
            )
        );
    }
}
