using Chancery.Server.Prompts;
using Chancery.Server.Prompts.Editing;
using Chancery.Server.Prompts.Rollouts;

namespace Chancery.Server.Compatibility;

/// <summary>Paths of older clients for prompts. They take and answer what the same paths under <c>/api/v1</c> do.</summary>
internal static class PromptAliases
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var publishing = PromptRoutes.Published(routes, "/api/prompts");
        Mark(PromptEndpoints.MapCreate(PromptRoutes.Writable(routes, "/api/prompts"), "/create", "CreatePromptAlias"));
        Mark(PromptEndpoints.MapGet(PromptRoutes.Readable(routes, "/api/prompts"), "/{id:guid}", "GetPromptAlias"));
        Mark(RolloutEndpoints.MapStart(publishing, "/{id:guid}/rollout", "StartRolloutAlias"));
        Mark(RolloutEndpoints.MapRollback(publishing, "/{id:guid}/rollback", "RollBackPromptAlias"));
    }

    private static void Mark(RouteHandlerBuilder route) =>
        route.TakesOwnIdsOnly().WithMetadata(new ObsoleteAttribute());
}
