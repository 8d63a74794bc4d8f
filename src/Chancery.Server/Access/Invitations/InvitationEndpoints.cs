using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Invitations;

/// <summary><c>/api/v1/invitations</c>: how people come into an organisation.</summary>
public static class InvitationEndpoints
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(7);

    /// <param name="Role">admin, editor or viewer; at most the inviter's own.</param>
    public sealed record Request(
        [Required, StringLength(EmailAddress.MaxLength)] string Email,
        [Required, RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")]
            string Role
    );

    /// <param name="InvitedBy">Left out for the operator, who invites the owner of an organisation that has nobody yet.</param>
    /// <param name="Token">Only in the answer to its making: whoever has it may come in.</param>
    /// <param name="Url">The page that takes the token; send it to the person.</param>
    public sealed record Invitation(
        Guid Id,
        string Email,
        [property: OneOf(typeof(Role))] string Role,
        Guid? InvitedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset ExpiresAt,
        string? Token,
        string? Url
    );

    /// <param name="Password">A new person's choice, or the present one of a person who has an account.</param>
    public sealed record AcceptRequest(
        [Required, StringLength(128)] string Token,
        [StringLength(200)] string? Name,
        [Required, StringLength(PasswordRule.MaxLength)] string Password
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/invitations", ListAsync)
            .WithName("ListInvitations")
            .WithDescription("Their tokens are not shown again.")
            .WithSummary("Invitations that nobody has accepted yet")
            .RequirePermission(Permission.MembersManage)
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/invitations", CreateAsync)
            .Audited("invitation.created")
            .WithName("Invite")
            .TakesIdempotencyKey()
            .WithDescription("Send `url` to the person; whoever has it may come in.")
            .WithSummary("Invite a person; the link is shown this once and works for seven days")
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .NeedsStepUp()
            .WithExample(new RouteExample { Body = """{"email": "{unique}@example.com", "role": "viewer"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapDelete("/invitations/{id:guid}", RevokeAsync)
            .Audited("invitation.revoked")
            .WithName("RevokeInvitation")
            .WithDescription("Its link stops at once.")
            .WithSummary("Take an invitation back")
            .RequirePermission(Permission.MembersManage)
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "invitation" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPost("/invitations/accept", AcceptAsync)
            .AuditedWhenTold("member.joined")
            .WithName("AcceptInvitation")
            .WithDescription(
                "A new person chooses a password; one who has an account gives theirs. They are signed in at " + "once."
            )
            .WithSummary("Come in with an invitation's token")
            .AllowAnonymous()
            .WithExample(
                new RouteExample
                {
                    Body = """{"token": "{invitation_token}", "name": "Ina", "password": "another long password"}""",
                    Anonymous = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
    }

    private static async Task<Results<Ok<Listing<Invitation>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        InvitationStore store,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await store.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, row => ViewOf(row), row => row.InvitationId));
    }

    private static async Task<Results<Created<Invitation>, ProblemHttpResult>> CreateAsync(
        Request request,
        Principal principal,
        InvitationStore store,
        AccessSettings settings,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (EmailAddress.Normalize(request.Email) is not { } email)
        {
            return Problem.Invalid("email", "This is not an e-mail address.");
        }

        if (!Access.Role.IsAtMost(request.Role, principal.Role))
        {
            return Problem.Invalid("role", "You can invite to your own role at most.");
        }

        var now = time.GetUtcNow();
        var token = SecretText.Create("ci_");
        var row = new InvitationStore.InvitationRow(
            Guid.CreateVersion7(now),
            email,
            request.Role,
            principal.UserId,
            now,
            now + Life
        );
        if (!await store.InsertAsync(principal, row, SecretText.HashOf(token), cancellationToken))
        {
            return Problem.Conflict("already-member", "This person is a member already", "Change their role instead.");
        }

        context.Response.Headers.CacheControl = "no-store";
        var url = $"{settings.PublicUrl}/invite?token={Uri.EscapeDataString(token)}";
        return TypedResults.Created($"/api/v1/invitations/{row.InvitationId}", ViewOf(row, token, url));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        Guid id,
        Principal principal,
        InvitationStore store,
        TimeProvider time,
        CancellationToken cancellationToken
    ) =>
        await store.RevokeAsync(principal.Tenant, id, time.GetUtcNow(), cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("invitation");

    private static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> AcceptAsync(
        AcceptRequest request,
        InvitationAcceptance acceptance,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var outcome = await acceptance.AcceptAsync(
            context,
            request.Token,
            request.Name,
            request.Password,
            SessionKind.Token,
            cancellationToken
        );
        return outcome switch
        {
            Outcome.SignedIn signedIn => TypedResults.Ok(
                await opening.AnswerAsync(context, signedIn.Session, cancellationToken)
            ),
            Outcome.Refused refused => refused.Answer(context),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
    }

    private static Invitation ViewOf(InvitationStore.InvitationRow row, string? token = null, string? url = null) =>
        new(row.InvitationId, row.Email, row.Role, row.InvitedBy, row.CreatedAt, row.ExpiresAt, token, url);
}
