using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Access.Lifecycle.Creating;

/// <summary><c>POST /operator/tenants</c>: an organisation with an invitation for its owner, and another invitation while it has none.</summary>
internal static class CreationEndpoints
{
    private const int LongestPlan = 64;
    private const int LongestKey = 255;

    /// <param name="Name">1 to 200 characters; others may be called the same.</param>
    /// <param name="Email">Of the person who is to be its owner.</param>
    /// <param name="Plan">Left out: the one that organisations sign up to.</param>
    public sealed record CreateRequest(
        [Required, StringLength(TenantCreation.LongestName, MinimumLength = 1)] string Name,
        [Required, StringLength(EmailAddress.MaxLength)] string Email,
        [StringLength(LongestPlan, MinimumLength = 1)] string? Plan = null
    );

    /// <param name="Email">Of the person who is to be its owner.</param>
    public sealed record InviteOwnerRequest([Required, StringLength(EmailAddress.MaxLength)] string Email);

    /// <param name="Url">The page that takes the invitation. Only in this answer: whoever has it becomes the owner.</param>
    /// <param name="ExpiresAt">Until when it works; once.</param>
    /// <param name="Mailed">Whether a letter with it was handed to the mail server.</param>
    public sealed record InvitedOwner(
        Guid TenantId,
        string Name,
        string Plan,
        string Email,
        string Url,
        DateTimeOffset ExpiresAt,
        bool Mailed
    );

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/tenants").WithTags("Operator").RequireOperator();
        routes
            .MapPost("", CreateAsync)
            .Audited("organization.created")
            .WithName("CreateTenant")
            .WithSummary("Make an organisation, with an invitation for its owner")
            .WithDescription(
                "Whatever `SIGNUP` says. Nobody is in it until the owner comes in by `url`, which is shown this once, works for seven "
                    + "days, and goes out by letter where letters go anywhere. The same `Idempotency-Key` with the same body makes no "
                    + "second organisation: while it has no owner it is answered with a new link, and the former one stops."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes
            .MapPost("/{id:guid}/invitation", InviteAsync)
            .Audited("organization.owner_invited")
            .WithName("InviteTenantOwner")
            .WithSummary("Invite the owner of an organisation that has none yet")
            .WithDescription(
                "In the place of the invitation before, whose link stops. Owners invite people themselves."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Created<InvitedOwner>, ProblemHttpResult>> CreateAsync(
        CreateRequest request,
        TenantCreation creation,
        HttpContext context,
        CancellationToken cancellationToken,
        [
            FromHeader(Name = IdempotentRouteExtensions.Header),
            StringLength(LongestKey, MinimumLength = 1),
            RegularExpression("^[!-~]+$"),
            Description("Your own word for this call, 1 to 255 visible characters, such as a UUID.")
        ]
            string? key = null
    ) =>
        Answer(
            context,
            await creation.CreateAsync(
                new NewOrganization(request.Name, request.Email, request.Plan),
                key,
                cancellationToken
            )
        );

    private static async Task<Results<Created<InvitedOwner>, ProblemHttpResult>> InviteAsync(
        Guid id,
        InviteOwnerRequest request,
        TenantCreation creation,
        HttpContext context,
        CancellationToken cancellationToken
    ) => Answer(context, await creation.InviteAsync(id, request.Email, cancellationToken));

    private static Results<Created<InvitedOwner>, ProblemHttpResult> Answer(
        HttpContext context,
        CreationOutcome outcome
    )
    {
        switch (outcome)
        {
            case CreationOutcome.Invited made:
                context.Response.Headers.CacheControl = "no-store";
                context.Audit().On(made.Tenant.Value).Add("plan", made.Plan);
                return TypedResults.Created(
                    $"/operator/tenants?q={made.Tenant}",
                    new InvitedOwner(
                        made.Tenant.Value,
                        made.Name,
                        made.Plan,
                        made.Invitation.Email,
                        made.Url,
                        made.Invitation.ExpiresAt,
                        made.IsMailed
                    )
                );
            case CreationOutcome.Invalid(var field, var why):
                return Problem.Invalid(field, why);
            case CreationOutcome.NotFound:
                return Problem.NotFound("organization");
            case CreationOutcome.HasOwner:
                return Problem.Conflict(
                    "organization-has-owner",
                    "The organisation has an owner",
                    "Owners invite people themselves."
                );
            case CreationOutcome.HasPeople:
                return Problem.Conflict(
                    "organization-has-people",
                    "People are in the organisation",
                    "Only one of its members can be made its owner: give the address of one."
                );
            case CreationOutcome.KeyReused:
                return Problem.KeyReused();
            default:
                throw new UnreachableException($"Unhandled outcome {outcome}.");
        }
    }
}
