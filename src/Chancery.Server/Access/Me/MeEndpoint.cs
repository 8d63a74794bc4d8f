using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Me;

/// <summary><c>/api/v1/me</c>: who the credential belongs to, what it may do, and changing one's own name and password.</summary>
public static class MeEndpoint
{
    /// <param name="Tenants">All organisations of the person; for a key or an application only its own.</param>
    public sealed record Response(UserView User, IReadOnlyList<TenantView> Tenants);

    /// <param name="Name">1 to 200 characters; unchanged when absent.</param>
    public sealed record RenameRequest([StringLength(200, MinimumLength = 1)] string? Name);

    /// <param name="New">10 to 200 characters by default, and not the e-mail.</param>
    public sealed record PasswordRequest(
        [Required, StringLength(PasswordRule.MaxLength)] string Current,
        [Required, StringLength(PasswordRule.MaxLength)] string New
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/me", GetAsync)
            .WithName("GetMe")
            .OpenWithoutSecondFactor()
            .WithDescription(
                "The person or key behind the credential, its role and permissions, and the person's "
                    + "organisations."
            )
            .WithSummary("Who am I?")
            .RequireAuthorization()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapPatch("/me", RenameAsync)
            .Audited("person.renamed")
            .WithName("RenameMe")
            .WithDescription("As colleagues see it.")
            .WithSummary("Change your own name")
            .RequireOwnAccount()
            .WithExample(new RouteExample { Body = """{"name": "Olga Owner"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/me/password", ChangePasswordAsync)
            .Audited("person.password_changed")
            .WithName("ChangeMyPassword")
            .NeedsStepUp()
            .WithDescription("Takes the present password.")
            .WithSummary("Change your own password; all your other sessions end")
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"current": "{password}", "new": "{password}"}""" })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Ok<Response>> GetAsync(
        Principal principal,
        PeopleStore people,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(await ViewAsync(principal, people, cancellationToken));

    private static async Task<Ok<Response>> RenameAsync(
        RenameRequest request,
        Principal principal,
        PeopleStore people,
        Sessions.Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        if (request.Name?.Trim() is not { Length: > 0 } name)
        {
            return TypedResults.Ok(await ViewAsync(principal, people, cancellationToken));
        }

        await people.RenameAsync(principal.Tenant, principal.UserId, name, cancellationToken);
        await revocations.UserAsync(principal.Tenant.Value, principal.UserId);
        return TypedResults.Ok(await ViewAsync(principal with { Name = name }, people, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangePasswordAsync(
        PasswordRequest request,
        Principal principal,
        PasswordChange change,
        HttpContext context,
        CancellationToken cancellationToken
    ) =>
        await change.ChangeAsync(
            principal,
            request.Current,
            request.New,
            Transport.AddressOf(context),
            cancellationToken
        )
            is { } refused
            ? refused.Answer(context)
            : TypedResults.NoContent();

    private static async Task<Response> ViewAsync(
        Principal principal,
        PeopleStore people,
        CancellationToken cancellationToken
    ) =>
        new(
            UserView.Of(principal),
            !principal.IsPerson
                ? [new TenantView(principal.Tenant.Value, principal.TenantName, principal.Role)]
                : await people.TenantsOfAsync(principal, cancellationToken)
        );
}
