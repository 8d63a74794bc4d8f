using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Provisioning;

/// <summary><c>PUT /api/v1/groups/{id}/role</c>: which role being in a group gives people whom a directory provisions.</summary>
public static class GroupRoleEndpoint
{
    /// <param name="Role">admin, editor or viewer; null for none.</param>
    public sealed record GroupRoleRequest(
        [RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")] string? Role
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPut("/groups/{id:guid}/role", HandleAsync)
            .Audited("group.role_changed")
            .WithName("SetGroupRole")
            .WithSummary("Let being in a group give a role")
            .WithDescription(
                "Owners only. It holds for people whom the organisation's directory provisions (SCIM): each has the strongest role of "
                    + "their groups, and viewer without any. Owners, and members whom nobody provisioned, keep theirs."
            )
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .NeedsStepUp()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "group" },
                    Body = """{"role": "editor"}""",
                }
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        Guid id,
        GroupRoleRequest request,
        Principal principal,
        ScimGroups groups,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return Problem.OwnersOnly("Owners decide which role a group gives.");
        }

        context.Audit().Add("role", request.Role ?? "none");
        return await groups.SetRoleAsync(principal, id, request.Role, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("group");
    }
}
