using System.Text.Json;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.Passkeys;

/// <summary>What the sign-in page posts to <c>/login/passkey</c>: challenge, passkey, return_url.</summary>
internal static class PasskeySignInForm
{
    private const int MaxLength = 16_384;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapForms().MapPost("/login/passkey", SignInAsync).AuditedWhenTold("session.opened");

    private static async Task<IResult> SignInAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        PasskeySignIn signIn,
        SessionOpening opening,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return PageForms.SeeOther("/login?error=form-expired");
        }

        var returnUrl = form["return_url"].ToString();
        if (!PageForms.IsOurs(returnUrl))
        {
            returnUrl = "/";
        }

        var outcome = AnswerOf(form["passkey"].ToString()) is { } answer
            ? await signIn.SignInAsync(
                context,
                form["challenge"].ToString(),
                SessionKind.Page,
                answer,
                tenantId: null,
                cancellationToken
            )
            : Outcome.InvalidCredentials();
        if (outcome is Outcome.SignedIn signedIn)
        {
            opening.WriteCookie(context, signedIn.Session);
            return PageForms.SeeOther(returnUrl);
        }

        var code = ((Outcome.Refused)outcome).Code;
        return PageForms.SeeOther(
            "/login"
                + QueryString
                    .Create("error", code == "concurrency-limit" ? "passkey-no-place" : code)
                    .Add("return_url", returnUrl)
        );
    }

    private static JsonElement? AnswerOf(string text)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
