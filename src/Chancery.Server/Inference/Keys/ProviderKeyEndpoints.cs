using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Inference.Keys;

/// <summary><c>/api/v1/me/provider-keys</c>: one's own keys for model providers, until one signs out.</summary>
public static class ProviderKeyEndpoints
{
    private const int LongestKey = 512;

    public sealed record Response(IReadOnlyList<ProviderKey> Items, string? NextCursor);

    /// <param name="Provider">Such as <c>openai</c>.</param>
    /// <param name="IsSet">Whether there is a key; the key itself is never shown again.</param>
    /// <param name="Models">The ids that it opens.</param>
    public sealed record ProviderKey(string Provider, string Name, bool IsSet, IReadOnlyList<string> Models);

    /// <param name="Key">8 to 512 visible ASCII characters, as the provider gave it.</param>
    public sealed record Request([Required] string Key);

    private static readonly RouteExample OneProvider = new()
    {
        Path = new Dictionary<string, string> { ["provider"] = "openai" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        const string path = "/api/v1/me/provider-keys";
        routes
            .MapGet(path, ListAsync)
            .WithName("ListProviderKeys")
            .WithSummary("Which model providers you have given your own key for")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .RequirePerson()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPut(path + "/{provider}", SetAsync)
            .Audited("provider_key.set")
            .WithName("SetProviderKey")
            .WithSummary("Use your own key for a model provider until you sign out")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .RequirePerson()
            .WithExample(OneProvider with { Body = """{"key":"sk-a-key-of-your-own"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        routes
            .MapDelete(path + "/{provider}", RemoveAsync)
            .Audited("provider_key.removed")
            .WithName("RemoveProviderKey")
            .WithSummary("Forget your own key for a model provider")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .RequirePerson()
            .WithExample(OneProvider)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<Response>> ListAsync(
        Principal principal,
        ProviderKeys keys,
        ModelRegistry models,
        CancellationToken cancellationToken
    )
    {
        var own = await keys.ProvidersAsync(principal, cancellationToken);
        return TypedResults.Ok(
            new Response(
                [
                    .. models
                        .Providers.Where(preset => preset.TakesKey)
                        .Select(preset => ViewOf(preset, own.Contains(preset.Id), models)),
                ],
                NextCursor: null
            )
        );
    }

    private static async Task<Results<Ok<ProviderKey>, ProblemHttpResult>> SetAsync(
        string provider,
        Request request,
        Principal principal,
        ProviderKeys keys,
        ModelRegistry models
    )
    {
        if (models.FindProvider(provider) is not { TakesKey: true } preset)
        {
            return Problem.NotFound("provider");
        }

        var key = request.Key.Trim();
        if (key.Length is < 8 or > LongestKey || !key.All(letter => letter is > ' ' and <= '~'))
        {
            return Problem.Invalid("key", $"A key has 8 to {LongestKey} characters and no spaces. Copy it whole.");
        }

        return await keys.SetAsync(principal, provider, key)
            ? TypedResults.Ok(ViewOf(preset, isSet: true, models))
            : Problem.Unavailable("Keys cannot be kept just now. Try again in a moment.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string provider,
        Principal principal,
        ProviderKeys keys,
        ModelRegistry models
    )
    {
        if (models.FindProvider(provider) is not { TakesKey: true })
        {
            return Problem.NotFound("provider");
        }

        await keys.RemoveAsync(principal, provider);
        return TypedResults.NoContent();
    }

    private static ProviderKey ViewOf(ModelProvider preset, bool isSet, ModelRegistry models) =>
        new(
            preset.Id,
            preset.Name,
            isSet,
            [
                .. models.Models.Where(model => model.Provider == preset.Id).Select(model => model.Id),
                .. models.Others.Where(model => model.Preset == preset).Select(model => model.Id),
            ]
        );
}
