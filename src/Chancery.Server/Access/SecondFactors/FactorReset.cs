using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Mail;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.Passkeys;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>
/// <c>DELETE /api/v1/members/{id}/second-factors</c>: for somebody who lost all of theirs. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A person of several organisations is beyond one owner: else whoever invites somebody could take away what guards the others.
/// </remarks>
internal sealed class FactorReset(
    MemberStore members,
    PeopleStore people,
    SessionEnding ending,
    IMailSender mail,
    MailSettings mailSettings,
    TenantDatabase database,
    ILogger<FactorReset> logger
)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapDelete("/members/{id:guid}/second-factors", HandleAsync)
            .Audited("member.second_factors_reset")
            .WithName("ResetSecondFactors")
            .WithSummary("Take away a member's second factors, for one who lost them")
            .WithDescription(
                "For owners. Authenticator app, passkeys and recovery codes go, the member's sign-ins end, and they are told by a letter. "
                    + "The password stays. Of somebody who belongs to other organisations, too, only the operator can do it."
            )
            .NeedsStepUp()
            .RequirePermission(Permission.MembersManage)
            .RequirePerson()
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "member" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        FactorReset reset,
        CancellationToken cancellationToken
    ) => reset.ResetAsync(principal, id, cancellationToken);

    private async Task<Results<NoContent, ProblemHttpResult>> ResetAsync(
        Principal by,
        Guid userId,
        CancellationToken cancellationToken
    )
    {
        if (by.Role != Role.Owner)
        {
            return Problem.OwnersOnly("Second factors are taken away by owners.");
        }

        if (!await members.HasAsync(by.Tenant, userId, cancellationToken))
        {
            return Problem.NotFound("member");
        }

        if (!await people.IsOwnAccountAsync(userId, by.Tenant, cancellationToken))
        {
            return Problem.Conflict(
                "member-of-several",
                "This person's account is not this organisation's alone",
                "Ask the operator: chancery operator reset-second-factors."
            );
        }

        string email;
        await using (var session = await database.OpenAsync(by.Tenant, userId, cancellationToken))
        {
            email = (await PeopleStore.FindMemberAsync(session, userId, cancellationToken))?.Email ?? "";
            await TotpAuthenticators.RemoveAsync(session, userId, cancellationToken);
            await PasskeyStore.RemoveAllAsync(session, userId, cancellationToken);
            await RecoveryCodes.DeleteAsync(session, userId, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        await ending.EndAllAsync(userId, except: null, cancellationToken);
        await TellAsync(email, by, cancellationToken);
        return TypedResults.NoContent();
    }

    private async Task TellAsync(string email, Principal by, CancellationToken cancellationToken)
    {
        if (!mailSettings.IsPossible || email.Length == 0)
        {
            return;
        }

        try
        {
            await mail.SendAsync(
                new Letter(
                    email,
                    "Your second factors for Chancery were removed",
                    $"""
                    {by.Name}, an owner of {by.TenantName}, removed your second factors: authenticator app, passkeys and recovery codes.
                    All your sign-ins ended. Your password is the same as before.

                    If you did not ask for this, change your password and speak to them.

                    """
                ),
                cancellationToken
            );
        }
        catch (MailException exception)
        {
            Log.ResetLetterNotSent(logger, exception);
        }
    }
}
