using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Groups;

/// <summary><c>/api/v1/groups</c>: sets of people and service accounts, whom lists of readers name.</summary>
public static class GroupEndpoints
{
    private const int MaxName = 100;

    public sealed record Request([Required, StringLength(MaxName, MinimumLength = 1)] string Name);

    private static readonly RouteExample One = new() { Path = new Dictionary<string, string> { ["id"] = "group" } };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/groups")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        group
            .MapGet("/", ListAsync)
            .WithName("ListGroups")
            .WithSummary("The organisation's groups")
            .WithDescription("In the order in which they were made, each with the number of its members.")
            .RequirePermission(Permission.MembersRead)
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();
        group
            .MapPost("/", CreateAsync)
            .Audited("group.created")
            .WithName("CreateGroup")
            .TakesIdempotencyKey()
            .WithSummary("Make a group")
            .WithDescription("A name is unique in the organisation. Nobody is in a new group.")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"name": "{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetGroup")
            .WithSummary("Show a group")
            .RequirePermission(Permission.MembersRead)
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPatch("/{id:guid}", RenameAsync)
            .Audited("group.renamed")
            .WithName("RenameGroup")
            .WithSummary("Rename a group")
            .WithDescription("What it may read stays.")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(One with { Body = """{"name": "{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("group.deleted")
            .WithName("DeleteGroup")
            .WithSummary("Delete a group; it lets nobody read anything any more")
            .WithDescription(
                "What only the group could read is left to owners and admins: nothing is opened to everybody by it."
            )
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(One)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("/{id:guid}/members", MembersAsync)
            .WithName("ListGroupMembers")
            .WithSummary("Who is in a group")
            .RequirePermission(Permission.MembersRead)
            .WithExample(One with { Query = "limit=50" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPut("/{id:guid}/members/{member:guid}", AddAsync)
            .Audited("group.member_added")
            .WithName("AddGroupMember")
            .WithSummary("Put a member of the organisation, or a service account, into a group")
            .WithDescription("What the group may read they find from their next request on.")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "group", ["member"] = "member" },
                }
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("/{id:guid}/members/{member:guid}", RemoveAsync)
            .Audited("group.member_removed")
            .WithName("RemoveGroupMember")
            .WithSummary("Take somebody out of a group")
            .WithDescription("What only the group let them read is gone for them from their next request on.")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "staffed_group", ["member"] = "grouped" },
                }
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<Group>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await groups.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, row => row, row => row.Id));
    }

    private static async Task<Results<Created<Group>, ProblemHttpResult>> CreateAsync(
        Request request,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken
    )
    {
        if (NameOf(request) is not { } name)
        {
            return NeedsName();
        }

        return await groups.CreateAsync(principal, name, cancellationToken) is { } made
            ? TypedResults.Created($"/api/v1/groups/{made.Id}", made)
            : ProblemOf(GroupChange.NameTaken);
    }

    private static async Task<Results<Ok<Group>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken
    ) =>
        await groups.FindAsync(principal.Tenant, id, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : ProblemOf(GroupChange.NotFound);

    private static async Task<Results<Ok<Group>, ProblemHttpResult>> RenameAsync(
        Guid id,
        Request request,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken
    )
    {
        if (NameOf(request) is not { } name)
        {
            return NeedsName();
        }

        var change = await groups.RenameAsync(principal.Tenant, id, name, cancellationToken);
        return
            change == GroupChange.Done && await groups.FindAsync(principal.Tenant, id, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : ProblemOf(change == GroupChange.Done ? GroupChange.NotFound : change);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken
    ) => Answer(await groups.DeleteAsync(principal.Tenant, id, cancellationToken));

    private static async Task<Results<Ok<Listing<GroupMember>>, ProblemHttpResult>> MembersAsync(
        Guid id,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        return await groups.MembersAsync(principal.Tenant, id, after, limit + 1, cancellationToken) is { } rows
            ? TypedResults.Ok(Listing.Of(rows, limit, row => row, row => row.Id))
            : ProblemOf(GroupChange.NotFound);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AddAsync(
        Guid id,
        Guid member,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken
    ) => Answer(await groups.AddAsync(principal, id, member, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id,
        Guid member,
        Principal principal,
        GroupStore groups,
        CancellationToken cancellationToken
    ) => Answer(await groups.RemoveAsync(principal.Tenant, id, member, cancellationToken));

    private static string? NameOf(Request request) =>
        request.Name.Trim() is { Length: > 0 } name && !name.Contains('\0') ? name : null;

    private static ProblemHttpResult NeedsName() =>
        Problem.Invalid("name", "A name has at least one visible character.");

    private static Results<NoContent, ProblemHttpResult> Answer(GroupChange change) =>
        change == GroupChange.Done ? TypedResults.NoContent() : ProblemOf(change);

    private static ProblemHttpResult ProblemOf(GroupChange change) =>
        change switch
        {
            GroupChange.NotFound => Problem.NotFound("group"),
            GroupChange.NoSuchMember => Problem.NotFound("member"),
            GroupChange.NameTaken => Problem.Conflict(
                "group-name-taken",
                "There is a group of this name",
                "Choose another name."
            ),
            _ => throw new UnreachableException($"Unhandled change {change}."),
        };
}
