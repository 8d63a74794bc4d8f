using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Keys;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits.Status;

/// <summary><c>GET /api/v1/rate-limit/status</c>: how much the caller may still do.</summary>
internal static class StatusEndpoint
{
    /// <param name="Plan">The organisation's.</param>
    /// <param name="Remaining">Requests until the nearest limit on requests; absent where there is none.</param>
    /// <param name="Used">Of that limit, in its present window.</param>
    /// <param name="Limit">How much it is.</param>
    /// <param name="ResetsAt">When its next window begins.</param>
    /// <param name="NextReset">The same, in seconds since 1970.</param>
    /// <param name="IsShared">Counted on all servers together; false while Redis is gone.</param>
    /// <param name="Limits">All limits that hold for the caller.</param>
    public sealed record Status(
        string Plan,
        long? Remaining,
        long? Used,
        long? Limit,
        DateTimeOffset? ResetsAt,
        long? NextReset,
        bool IsShared,
        IReadOnlyList<LimitReading> Limits
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/rate-limit/status", HandleAsync)
            .WithName("GetRateLimitStatus")
            .WithSummary("How much the caller may still do, by which limit, and when it resets")
            .WithDescription("Counts as no request itself. At most a second old.")
            .RequirePermission(Permission.Ask)
            .WithCost(RouteCost.Free)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static async Task<Ok<Status>> HandleAsync(
        HttpContext context,
        Principal principal,
        LimitStatus status,
        CancellationToken cancellationToken
    ) =>
        TypedResults.Ok(
            await status.OfAsync(
                principal,
                context.Features.Get<Credential>()?.Kind == CredentialKind.Cookie,
                context.Features.Get<KeyLimit>(),
                cancellationToken
            )
        );
}
