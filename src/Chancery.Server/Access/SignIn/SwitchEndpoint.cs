using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SignIn;

/// <summary><c>POST /api/v1/auth/switch</c>: the same person in another of their organisations.</summary>
public static class SwitchEndpoint
{
    public sealed record Request([Required] Guid? TenantId);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/auth/switch", HandleAsync)
            .AuditedWhenTold("session.opened")
            .WithName("SwitchTenant")
            .OpenWithoutSecondFactor()
            .WithDescription("The same person in another of their organisations, with tokens of that one.")
            .WithSummary("Go on in another of your organisations")
            .WithDescription(
                "Opens a new session there. Over the page's cookie the old session ends and no tokens are answered."
            )
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"tenant_id": "{tenant}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        Request request,
        Principal principal,
        PeopleStore people,
        SignInService signIn,
        SigningOut signingOut,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var tenants = await people.TenantsOfAsync(principal, cancellationToken);
        var isPage = context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie };
        var kind = isPage ? SessionKind.Page : SessionKind.Token;
        if (
            tenants.FirstOrDefault(tenant => tenant.Id == request.TenantId) is not { } chosen
            || await signIn.OpenAsync(
                context,
                new Platform.Database.TenantId(chosen.Id),
                principal.UserId,
                kind,
                cancellationToken,
                replaced: isPage ? principal.SessionId : null,
                authenticated: new Authenticated(principal.Methods, principal.AuthenticatedAt!.Value),
                confined: principal.IsConfined,
                issuer: principal.Issuer
            )
                is not { } outcome
        )
        {
            return Problem.NotFound("organization");
        }

        if (outcome is Outcome.Refused refused)
        {
            return refused.Answer(context);
        }

        if (isPage)
        {
            await signingOut.SignOutAsync(context, principal, cancellationToken);
        }

        return TypedResults.Ok(
            await opening.AnswerAsync(context, ((Outcome.SignedIn)outcome).Session, cancellationToken)
        );
    }
}
