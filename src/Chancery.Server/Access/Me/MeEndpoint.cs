using Chancery.Server.Access.SignIn;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Me;

/// <summary><c>GET /api/v1/me</c>: who the credential belongs to, and what it may do.</summary>
public static class MeEndpoint
{
    /// <param name="Tenants">All organisations of the person; for a key only its own.</param>
    public sealed record Response(UserView User, IReadOnlyList<TenantView> Tenants);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/me", HandleAsync)
            .WithName("GetMe")
            .WithSummary("Who am I?")
            .RequireAuthorization()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized);

    private static async Task<Ok<Response>> HandleAsync(
        Principal principal,
        PeopleStore people,
        CancellationToken cancellationToken
    ) =>
        TypedResults.Ok(
            new Response(
                UserView.Of(principal),
                principal.IsKey
                    ? [new TenantView(principal.Tenant.Value, principal.TenantName, principal.Role)]
                    : await people.TenantsOfAsync(principal.UserId, cancellationToken)
            )
        );
}
