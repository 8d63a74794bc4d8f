using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Sessions;

/// <summary><c>/api/v1/me/sessions</c>: where a person is signed in, in all of their organisations, and ending it there.</summary>
public static class SessionEndpoints
{
    /// <param name="Kind">page: a browser's cookie. token: access and refresh tokens.</param>
    /// <param name="Device">What the client called itself when it signed in (User-Agent), or the application's name; may be empty.</param>
    /// <param name="DeviceName">The same in a person's words, such as <c>Firefox on Linux</c>.</param>
    /// <param name="IpAddress">Where it signed in from; may be empty.</param>
    /// <param name="TenantId">The organisation that it is signed in to.</param>
    /// <param name="LastSeenAt">When it was last used; some minutes old.</param>
    /// <param name="ExpiresAt">When it ends unless it is used.</param>
    /// <param name="IsCurrent">Whether this call came with it.</param>
    public sealed record Session(
        Guid Id,
        [property: OneOf("SessionKind", SessionKind.Page, SessionKind.Token)] string Kind,
        string Device,
        string DeviceName,
        string IpAddress,
        Guid TenantId,
        string TenantName,
        DateTimeOffset CreatedAt,
        DateTimeOffset LastSeenAt,
        DateTimeOffset ExpiresAt,
        bool IsCurrent
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/me/sessions", ListAsync)
            .WithName("ListMySessions")
            .WithSummary("Where you are signed in")
            .WithDescription("Newest first, in every organisation of yours. API keys are no sign-ins.")
            .RequirePerson()
            .WithExample(new RouteExample { Query = "limit=50" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapDelete("/me/sessions/{id:guid}", EndAsync)
            .Audited("session.ended")
            .WithName("EndMySession")
            .WithSummary("End one of your sessions; it stops at once")
            .WithDescription("On all servers. The model keys that were given with it are forgotten.")
            .RequirePerson()
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "session" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/me/sessions", EndOthersAsync)
            .Audited("session.ended_others")
            .WithName("EndMyOtherSessions")
            .WithSummary("End all your sessions but this one")
            .WithDescription("In every organisation of yours, on all servers.")
            .RequirePerson()
            .WithExample(new RouteExample())
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<Results<Ok<Listing<Session>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        PeopleStore people,
        SessionStore sessions,
        TimeProvider time,
        CancellationToken cancellationToken,
        [Range(1, 100), Description("Most sessions to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var now = time.GetUtcNow();
        var found = new List<(SessionStore.SessionRow Row, TenantView Tenant)>();
        foreach (var tenant in await people.TenantsOfAsync(principal, cancellationToken))
        {
            var rows = await sessions.ListAsync(
                new(tenant.Id),
                principal.UserId,
                now,
                after,
                limit + 1,
                cancellationToken
            );
            found.AddRange(rows.Select(row => (row, tenant)));
        }

        // Compared as PostgreSQL compares them, or a page would begin where none ended.
        found.Sort(
            (one, other) => string.CompareOrdinal(other.Row.SessionId.ToString("N"), one.Row.SessionId.ToString("N"))
        );
        return TypedResults.Ok(
            Listing.Of(
                found,
                limit,
                one => new Session(
                    one.Row.SessionId,
                    one.Row.Kind,
                    one.Row.Device,
                    DeviceName.Of(one.Row.Device),
                    one.Row.IpAddress,
                    one.Tenant.Id,
                    one.Tenant.Name,
                    one.Row.CreatedAt,
                    one.Row.LastSeenAt,
                    one.Row.ExpiresAt,
                    one.Row.SessionId == principal.SessionId
                ),
                one => one.Row.SessionId
            )
        );
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        Guid id,
        Principal principal,
        SessionEnding ending,
        SigningOut signingOut,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (id == principal.SessionId)
        {
            await signingOut.SignOutAsync(context, principal, cancellationToken);
            return TypedResults.NoContent();
        }

        return await ending.EndAsync(principal.UserId, id, cancellationToken, principal.Confinement)
            ? TypedResults.NoContent()
            : Problem.NotFound("session");
    }

    private static async Task<NoContent> EndOthersAsync(
        Principal principal,
        SessionEnding ending,
        CancellationToken cancellationToken
    )
    {
        await ending.EndAllAsync(principal.UserId, principal.SessionId, cancellationToken, principal.Confinement);
        return TypedResults.NoContent();
    }
}
