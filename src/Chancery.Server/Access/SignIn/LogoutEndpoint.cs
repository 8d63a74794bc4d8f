using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SignIn;

/// <summary><c>POST /api/v1/auth/logout</c>: ends this session, or all of the person's; their tokens stop at once.</summary>
public static class LogoutEndpoint
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/auth/logout/everywhere", EverywhereAsync)
            .Audited("session.ended_everywhere")
            .WithName("LogoutEverywhere")
            .OpenWithoutSecondFactor()
            .WithSummary("End all your sessions, this one too, in every organisation of yours")
            .RequirePerson()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/auth/logout", HandleAsync)
            .Audited("session.ended")
            .WithName("Logout")
            .OpenWithoutSecondFactor()
            .WithDescription("Ends the sign-in that the credential belongs to, on all servers.")
            .WithSummary("End this session")
            .RequirePerson(orForThem: true)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<NoContent> EverywhereAsync(
        Principal principal,
        SigningOut signingOut,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        await signingOut.SignOutEverywhereAsync(context, principal, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> HandleAsync(
        Principal principal,
        SigningOut signingOut,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        await signingOut.SignOutAsync(context, principal, cancellationToken);
        return TypedResults.NoContent();
    }
}
