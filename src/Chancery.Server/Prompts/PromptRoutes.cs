using Chancery.Server.Access;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Prompts;

/// <summary>What the routes of prompts have in common.</summary>
internal static class PromptRoutes
{
    private const string Path = "/api/v1/prompts";

    public static readonly Dictionary<string, string> One = new() { ["id"] = "prompt" };

    public static readonly RouteExample OnePrompt = new() { Path = One };

    public static RouteGroupBuilder Readable(IEndpointRouteBuilder routes, string at = Path) =>
        Group(routes, at, Permission.PromptsRead);

    public static RouteGroupBuilder Writable(IEndpointRouteBuilder routes, string at = Path) =>
        Group(routes, at, Permission.PromptsWrite);

    /// <summary>What changes what everybody gets.</summary>
    public static RouteGroupBuilder Published(IEndpointRouteBuilder routes, string at = Path) =>
        Group(routes, at, Permission.PromptsPublish);

    private static RouteGroupBuilder Group(IEndpointRouteBuilder routes, string at, string permission)
    {
        var group = routes.MapGroup(at).WithTags("Prompts").RequirePermission(permission);
        group.ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        return group;
    }
}
