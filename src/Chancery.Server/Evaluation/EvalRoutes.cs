using Chancery.Server.Access;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Evaluation;

/// <summary>What the routes of evaluation have in common.</summary>
internal static class EvalRoutes
{
    public static readonly RouteExample OneDataset = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "eval_dataset" },
    };

    public static readonly RouteExample OneRun = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "eval_run" },
    };

    public static RouteGroupBuilder Readable(IEndpointRouteBuilder routes, string at = "/api/v1/eval") =>
        Group(routes, at, Permission.DocumentsRead);

    public static RouteGroupBuilder Writable(IEndpointRouteBuilder routes, string at = "/api/v1/eval") =>
        Group(routes, at, Permission.DocumentsWrite);

    private static RouteGroupBuilder Group(IEndpointRouteBuilder routes, string at, string permission)
    {
        var group = routes.MapGroup(at).WithTags("Evaluation").RequirePermission(permission);
        group.ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        return group;
    }
}
