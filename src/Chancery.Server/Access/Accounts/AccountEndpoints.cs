using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Accounts;

/// <summary><c>/api/v1/service-accounts</c>: callers that are no people, whose keys stay when those who made them leave.</summary>
public static class AccountEndpoints
{
    private const int MaxName = 100;

    /// <param name="Role">admin, editor or viewer; at most your own.</param>
    public sealed record CreateRequest(
        [Required, StringLength(MaxName, MinimumLength = 1)] string Name,
        [Required, RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")]
            string Role
    );

    /// <summary>What is absent stays as it is.</summary>
    /// <param name="Disabled">Whether its keys count, all of them.</param>
    public sealed record ChangeRequest(
        [StringLength(MaxName, MinimumLength = 1)] string? Name = null,
        [RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")]
            string? Role = null,
        bool? Disabled = null
    );

    /// <param name="DisabledAt">Since when its keys do not count; null while they do.</param>
    /// <param name="Keys">How many it has.</param>
    public sealed record ServiceAccount(
        Guid Id,
        string Name,
        [property: OneOf(typeof(Role))] string Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? DisabledAt,
        int Keys
    );

    private static readonly RouteExample One = new() { Path = new Dictionary<string, string> { ["id"] = "account" } };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/service-accounts")
            .RequirePermission(Permission.KeysManage)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        group
            .MapGet("/", ListAsync)
            .WithName("ListServiceAccounts")
            .WithSummary("The organisation's service accounts")
            .WithDescription("In the order in which they were made.")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();
        group
            .MapPost("/", CreateAsync)
            .Audited("service_account.created")
            .WithName("CreateServiceAccount")
            .NeedsStepUp()
            .TakesIdempotencyKey()
            .WithSummary("Make a service account: a caller that is no person")
            .WithDescription(
                "Its keys are made with `service_account_id`. They count with the lower of their own role and the account's, and "
                    + "stay when whoever made them leaves. Lists of readers and groups can name it."
            )
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"name": "{unique}", "role": "viewer"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetServiceAccount")
            .WithSummary("Show a service account")
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPatch("/{id:guid}", ChangeAsync)
            .Audited("service_account.changed")
            .WithName("ChangeServiceAccount")
            .NeedsStepUp()
            .WithSummary("Rename a service account, give it another role, or disable it with all its keys")
            .WithDescription("On all servers at once.")
            .RequirePerson()
            .WithExample(One with { Body = """{"disabled": true}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("service_account.deleted")
            .WithName("DeleteServiceAccount")
            .NeedsStepUp()
            .WithSummary("Delete a service account with all its keys")
            .WithDescription("On all servers at once. What only it could read is left to owners and admins.")
            .RequirePerson()
            .WithExample(One)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<ServiceAccount>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        AccountStore accounts,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await accounts.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, ViewOf, row => row.AccountId));
    }

    private static async Task<Results<Created<ServiceAccount>, ProblemHttpResult>> CreateAsync(
        CreateRequest request,
        Principal principal,
        AccountStore accounts,
        CancellationToken cancellationToken
    )
    {
        if (NameOf(request.Name) is not { } name)
        {
            return NeedsName();
        }

        if (!Access.Role.IsAtMost(request.Role, principal.Role))
        {
            return BeyondYours();
        }

        return await accounts.CreateAsync(principal, name, request.Role, cancellationToken) is { } made
            ? TypedResults.Created($"/api/v1/service-accounts/{made.AccountId}", ViewOf(made))
            : ProblemOf(AccountChange.NameTaken);
    }

    private static async Task<Results<Ok<ServiceAccount>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        AccountStore accounts,
        CancellationToken cancellationToken
    ) =>
        await accounts.FindAsync(principal.Tenant, id, cancellationToken) is { } found
            ? TypedResults.Ok(ViewOf(found))
            : ProblemOf(AccountChange.NotFound);

    private static async Task<Results<Ok<ServiceAccount>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        AccountStore accounts,
        Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        var name = request.Name is null ? null : NameOf(request.Name);
        if (request.Name is not null && name is null)
        {
            return NeedsName();
        }

        if (request.Role is not null && !Access.Role.IsAtMost(request.Role, principal.Role))
        {
            return BeyondYours();
        }

        var change = await accounts.ChangeAsync(
            principal.Tenant,
            id,
            name,
            request.Role,
            request.Disabled,
            cancellationToken
        );
        if (change != AccountChange.Done)
        {
            return ProblemOf(change);
        }

        await revocations.UserAsync(principal.Tenant.Value, id);
        return await GetAsync(id, principal, accounts, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        AccountStore accounts,
        Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        var change = await accounts.DeleteAsync(principal.Tenant, id, cancellationToken);
        if (change != AccountChange.Done)
        {
            return ProblemOf(change);
        }

        await revocations.UserAsync(principal.Tenant.Value, id);
        return TypedResults.NoContent();
    }

    private static ServiceAccount ViewOf(AccountStore.AccountRow row) =>
        new(row.AccountId, row.Name, row.Role, row.CreatedBy, row.CreatedAt, row.DisabledAt, row.Keys);

    private static string? NameOf(string given) =>
        given.Trim() is { Length: > 0 } name && !name.Contains('\0') ? name : null;

    private static ProblemHttpResult NeedsName() =>
        Problem.Invalid("name", "A name has at least one visible character.");

    private static ProblemHttpResult BeyondYours() => Problem.Invalid("role", "Its role is at most your own.");

    private static ProblemHttpResult ProblemOf(AccountChange change) =>
        change switch
        {
            AccountChange.NotFound => Problem.NotFound("service account"),
            AccountChange.NameTaken => Problem.Conflict(
                "account-name-taken",
                "There is a service account of this name",
                "Choose another name."
            ),
            _ => throw new UnreachableException($"Unhandled change {change}."),
        };
}
