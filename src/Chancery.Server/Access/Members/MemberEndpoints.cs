using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Members;

/// <summary><c>/api/v1/members</c>: who belongs to the organisation, and as what.</summary>
public static class MemberEndpoints
{
    public sealed record Member(
        Guid UserId,
        string Email,
        string Name,
        [property: OneOf(typeof(Role))] string Role,
        DateTimeOffset CreatedAt
    );

    /// <param name="Role">owner, admin, editor or viewer. Only owners make and change owners.</param>
    public sealed record RoleRequest(
        [Required, RegularExpression(Access.Role.AnyPattern, ErrorMessage = "One of owner, admin, editor, viewer.")]
            string Role
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/members", ListAsync)
            .WithName("ListMembers")
            .WithDescription("In the order in which they came.")
            .WithSummary("Who belongs to the organisation")
            .RequirePermission(Permission.MembersRead)
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPatch("/members/{id:guid}", SetRoleAsync)
            .Audited("member.role_changed")
            .WithName("ChangeMember")
            .NeedsStepUp()
            .WithDescription("Only owners make and change owners. An organisation keeps at least one.")
            .WithSummary("Give a member another role")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "member" },
                    Body = """{"role": "editor"}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapDelete("/members/{id:guid}", RemoveAsync)
            .Audited("member.removed")
            .WithName("RemoveMember")
            .NeedsStepUp()
            .WithDescription(
                "An organisation keeps at least one owner. What the person searched for is erased from the query log, too."
            )
            .WithSummary("Remove a member; their sessions, and the keys and open invitations they made, end at once")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "member" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Listing<Member>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        MemberStore members,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await members.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, ViewOf, row => row.UserId));
    }

    private static async Task<Results<Ok<Member>, ProblemHttpResult>> SetRoleAsync(
        Guid id,
        RoleRequest request,
        Principal principal,
        MemberStore members,
        Revocations revocations,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        context.Audit().Add("role", request.Role);
        var (change, member) = await members.SetRoleAsync(principal, id, request.Role, cancellationToken);
        if (change != MemberChange.Done || member is null)
        {
            return ProblemOf(change);
        }

        await revocations.UserAsync(principal.Tenant.Value, id);
        return TypedResults.Ok(ViewOf(member));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id,
        Principal principal,
        MemberStore members,
        Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        var (change, ended) = await members.RemoveAsync(principal, id, cancellationToken);
        if (change != MemberChange.Done)
        {
            return ProblemOf(change);
        }

        await revocations.SessionsAsync(principal.Tenant, id, ended);
        return TypedResults.NoContent();
    }

    private static Member ViewOf(MemberStore.MemberRow row) =>
        new(row.UserId, row.Email, row.Name, row.Role, row.CreatedAt);

    private static ProblemHttpResult ProblemOf(MemberChange change) =>
        change switch
        {
            MemberChange.NotFound => Problem.NotFound("member"),
            MemberChange.LastOwner => Problem.Conflict(
                "last-owner",
                "The last owner stays",
                "Make somebody else an owner first."
            ),
            MemberChange.OwnersOnly => Problem.OwnersOnly("Owners are made, changed and removed by owners."),
            _ => throw new UnreachableException($"Unhandled change {change}."),
        };
}
