using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using QRCoder;

namespace Chancery.Server.Access.SecondFactors;

/// <summary><c>/api/v1/me/second-factors</c>: what a person has to prove themselves with besides their password.</summary>
public static class SecondFactorEndpoints
{
    private const int MostConfirmations = 20;

    /// <param name="TotpSince">Since when an authenticator app counts; null for none.</param>
    /// <param name="TotpLastUsedAt">When a code of it was taken last.</param>
    /// <param name="RecoveryCodesLeft">How many of them were not used.</param>
    /// <param name="Passkeys">How many there are.</param>
    /// <param name="SignInMethods">How this sign-in was proven, in the words of RFC 8176.</param>
    /// <param name="Policy">What the organisation asks of this person.</param>
    /// <param name="RequiredFrom">When the grace of a policy that requires one is over; else null.</param>
    public sealed record MySecondFactors(
        DateTimeOffset? TotpSince,
        DateTimeOffset? TotpLastUsedAt,
        int RecoveryCodesLeft,
        int Passkeys,
        IReadOnlyList<string> SignInMethods,
        [property: OneOf(
            "SecondFactorRule",
            SecondFactorRule.None,
            SecondFactorRule.Encouraged,
            SecondFactorRule.Required
        )]
            string Policy,
        DateTimeOffset? RequiredFrom
    );

    /// <param name="Secret">For typing into the app, in Base32. Shown once.</param>
    /// <param name="Uri">The same as an address, <c>otpauth://totp/…</c>.</param>
    /// <param name="QrSvg">The address as a QR code, for scanning: an SVG document.</param>
    public sealed record TotpSetup(string Secret, string Uri, string QrSvg);

    /// <param name="Code">The first six digits that the app shows.</param>
    public sealed record TotpConfirmation([Required, StringLength(16)] string Code);

    /// <param name="Codes">Ten; each stands in once for a second factor that is lost. Shown once. Empty where there are some already.</param>
    public sealed record NewRecoveryCodes(IReadOnlyList<string> Codes);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/me/second-factors", GetAsync)
            .WithName("GetMySecondFactors")
            .OpenWithoutSecondFactor()
            .WithSummary("Your second factors")
            .WithDescription("No secret is in it.")
            .RequirePerson()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/me/second-factors/totp", BeginAsync)
            .Audited("person.totp_begun")
            .WithName("BeginTotp")
            .OpenWithoutSecondFactor()
            .WithSummary("Set up an authenticator app (TOTP)")
            .WithDescription(
                "It counts once a code of it was given. Until then another call begins anew, and one that counts already goes on."
            )
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/me/second-factors/totp/confirm", ConfirmAsync)
            .Audited("person.totp_added")
            .WithName("ConfirmTotp")
            .OpenWithoutSecondFactor()
            .WithSummary("Give the first code of the authenticator app: from then on it counts")
            .WithDescription(
                "Whoever has no recovery codes yet is answered ten. This sign-in counts as one with two factors."
            )
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(new RouteExample { Body = """{"code": "{totp_code}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        routes
            .MapDelete("/me/second-factors/totp", RemoveAsync)
            .Audited("person.totp_removed")
            .WithName("RemoveTotp")
            .WithSummary("Remove your authenticator app")
            .WithDescription("With the last second factor the recovery codes go, too.")
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(new RouteExample())
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/me/second-factors/recovery-codes", RenewCodesAsync)
            .Audited("person.recovery_codes_made")
            .WithName("MakeRecoveryCodes")
            .WithSummary("Make new recovery codes; those before count no more")
            .WithDescription("Each works once, in the place of a second factor. By themselves they are none.")
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<Ok<MySecondFactors>> GetAsync(
        Principal principal,
        TenantDatabase database,
        SignInPolicies policies,
        CancellationToken cancellationToken
    )
    {
        var policy = await policies.GetAsync(principal.Tenant, cancellationToken);
        var rule = policy.For(principal.Role);
        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        var app = await TotpAuthenticators.FindAsync(session, principal.UserId, cancellationToken);
        return TypedResults.Ok(
            new MySecondFactors(
                app?.ConfirmedAt,
                app?.LastUsedAt,
                await RecoveryCodes.LeftAsync(session, principal.UserId, cancellationToken),
                await Passkeys.PasskeyStore.CountAsync(session, principal.UserId, cancellationToken),
                principal.Methods,
                rule,
                rule == SecondFactorRule.Required ? policy.RequiredFrom : null
            )
        );
    }

    private static async Task<Ok<TotpSetup>> BeginAsync(
        Principal principal,
        TotpAuthenticators totp,
        TenantDatabase database,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        var setup = await totp.BeginAsync(session, principal.UserId, principal.Email, cancellationToken);
        await session.CommitAsync(cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new TotpSetup(setup.Secret, setup.Uri, Draw(setup.Uri)));
    }

    private static async Task<Results<Ok<NewRecoveryCodes>, ProblemHttpResult>> ConfirmAsync(
        TotpConfirmation request,
        Principal principal,
        TotpAuthenticators totp,
        RecoveryCodes codes,
        StepUps stepUps,
        SignIn.SignInThrottle throttle,
        TenantDatabase database,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (!await throttle.EnterAsync("totp-confirm", principal.UserId.ToString(), MostConfirmations))
        {
            return Problem.TooManyRequests("Too many codes. Wait a quarter of an hour, and begin anew.");
        }

        IReadOnlyList<string> made = [];
        await using (var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken))
        {
            if (!await totp.UseAsync(session, principal.UserId, request.Code, first: true, cancellationToken))
            {
                return Problem.Invalid("code", "This is not the code that the app shows now.");
            }

            if (await RecoveryCodes.LeftAsync(session, principal.UserId, cancellationToken) == 0)
            {
                made = await codes.MakeAsync(session, principal.UserId, cancellationToken);
            }

            await session.CommitAsync(cancellationToken);
        }

        await stepUps.NoteAsync(principal, [AuthenticationMethod.OneTimeCode], cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new NewRecoveryCodes(made));
    }

    private static async Task<NoContent> RemoveAsync(
        Principal principal,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        await TotpAuthenticators.RemoveAsync(session, principal.UserId, cancellationToken);
        await ForgetCodesOfNoFactorAsync(session, principal.UserId, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<NewRecoveryCodes>> RenewCodesAsync(
        Principal principal,
        RecoveryCodes codes,
        TenantDatabase database,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        var made = await codes.MakeAsync(session, principal.UserId, cancellationToken);
        await session.CommitAsync(cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new NewRecoveryCodes(made));
    }

    /// <summary>Recovery codes alone are no second factor.</summary>
    internal static async Task ForgetCodesOfNoFactorAsync(
        TenantSession session,
        Guid userId,
        CancellationToken cancellationToken
    )
    {
        if (!(await FactorChecks.OfAsync(session, userId, cancellationToken)).Any)
        {
            await RecoveryCodes.DeleteAsync(session, userId, cancellationToken);
        }
    }

    // Black on white in either theme: cameras read nothing else as surely.
    private static string Draw(string uri)
    {
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var picture = new SvgQRCode(data);
        return picture.GetGraphic(4, "#000000", "#ffffff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute);
    }
}
