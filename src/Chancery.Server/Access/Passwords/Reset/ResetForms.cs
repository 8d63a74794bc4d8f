using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.Passwords.Reset;

/// <summary>What the pages <c>/forgot</c> and <c>/reset</c> post.</summary>
internal static class ResetForms
{
    private const int MostAsked = 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var forms = routes.MapForms();
        forms.MapPost("/forgot", AskAsync).NotAudited("a letter that is sent is recorded when it is");
        forms.MapPost("/reset", SetAsync).AuditedWhenTold("person.password_reset");
    }

    private static async Task<IResult> AskAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        ForgottenPasswords forgotten,
        SignInThrottle throttle,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return PageForms.SeeOther("/forgot?error=form-expired");
        }

        if (!Transport.IsPrivate(context))
        {
            return PageForms.SeeOther("/forgot?error=insecure-transport");
        }

        if (!await throttle.EnterAsync("forgot", Transport.AddressOf(context), MostAsked))
        {
            return PageForms.SeeOther("/forgot?error=too-many-requests");
        }

        if (EmailAddress.Normalize(form["email"].ToString()) is not { } email)
        {
            return PageForms.SeeOther("/forgot?error=invalid-email");
        }

        forgotten.Ask(email, Transport.AddressOf(context));
        return PageForms.SeeOther("/forgot?sent=1");
    }

    private static async Task<IResult> SetAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        PasswordReset reset,
        SignInThrottle throttle,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return PageForms.SeeOther("/forgot?error=form-expired");
        }

        var (token, password) = (form["token"].ToString(), form["password"].ToString());
        if (token.Length > 200 || password.Length > PasswordRule.MaxLength || !Transport.IsPrivate(context))
        {
            return PageForms.SeeOther("/forgot?error=invalid-password");
        }

        if (!await throttle.EnterAsync("reset", Transport.AddressOf(context), MostAsked))
        {
            return PageForms.SeeOther("/forgot?error=too-many-requests");
        }

        return await reset.SetAsync(context, token, password, cancellationToken) switch
        {
            null => PageForms.SeeOther("/login?done=password"),
            { Code: "reset-gone" } => PageForms.SeeOther("/forgot?error=reset-gone"),
            var refused => PageForms.SeeOther(
                "/reset"
                    + QueryString.Create([
                        new KeyValuePair<string, string?>("token", token),
                        new KeyValuePair<string, string?>(
                            "error",
                            refused.FieldOfForm() is { } field ? $"{refused.Code}-{field}" : refused.Code
                        ),
                    ])
            ),
        };
    }
}
