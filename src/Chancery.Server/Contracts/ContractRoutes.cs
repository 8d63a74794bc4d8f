using Chancery.Server.Access;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Contracts;

/// <summary>What the routes of contracts have in common.</summary>
internal static class ContractRoutes
{
    public static readonly Dictionary<string, string> One = new() { ["id"] = "contract" };

    public static readonly RouteExample OneContract = new() { Path = One };

    public static RouteGroupBuilder Readable(IEndpointRouteBuilder routes, string at = "/api/v1/contracts") =>
        Group(routes, at, Permission.ContractsRead);

    public static RouteGroupBuilder Writable(IEndpointRouteBuilder routes, string at = "/api/v1/contracts") =>
        Group(routes, at, Permission.ContractsWrite);

    private static RouteGroupBuilder Group(IEndpointRouteBuilder routes, string at, string permission)
    {
        var group = routes.MapGroup(at).WithTags("Contracts").RequirePermission(permission);
        group.ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        return group;
    }
}
