using System.Diagnostics;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Access.SignUp;
using Chancery.Server.Audit.Recording;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.Forms;

/// <summary>
/// What the page's forms post to: <c>/login</c>, <c>/signup</c>, <c>/invite</c>, <c>/logout</c>. Each answers 303: on to
/// <c>return_url</c> (a path of ours) or <c>/</c>, or back to its page with <c>?error=code</c>.
/// </summary>
/// <remarks>
/// Fields: email, password, end_session, name, organization, token, return_url, and the antiforgery token. Codes are those of the
/// problems, and <c>form-expired</c> for a missing or old antiforgery token. Another site's form is answered 403: it
/// would sign somebody in as somebody else, for which it needs no cookie of theirs.
/// </remarks>
public static class FormEndpoints
{
    private const int MaxFieldLength = 2048;
    private const string FormExpired = "form-expired";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var forms = routes.MapForms();
        forms.MapPost("/login", LoginAsync).AuditedWhenTold("session.opened");
        forms.MapPost("/signup", SignUpAsync).AuditedWhenTold("organization.created");
        forms.MapPost("/invite", InviteAsync).AuditedWhenTold("member.joined");
        forms.MapPost("/logout", LogoutAsync).AuditedWhenTold("session.ended");
    }

    private static async Task<IResult> LoginAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        SignInService signIn,
        SessionOpening opening,
        OpenSessionsTicket ticket,
        Federation.ProvenLink links,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return Back("/login", FormExpired);
        }

        var email = Field(form, "email");
        var outcome = await signIn.SignInAsync(
            context,
            email,
            Field(form, "password"),
            tenantId: null,
            SessionKind.Page,
            cancellationToken,
            Guid.TryParse(Field(form, "end_session"), out var ended) ? ended : null
        );
        if (outcome is Outcome.Refused { Code: "no-organization" })
        {
            outcome = await links.JoinAsync(context, email, cancellationToken) ?? outcome;
        }

        if (SecondStepForm.Continue(context, outcome, Field(form, "return_url")) is { } second)
        {
            return second;
        }

        return outcome is Outcome.Refused { Code: "concurrency-limit" } full
            ? Answer(
                context,
                opening,
                outcome,
                "/login",
                form,
                ("email", email),
                ("open", ticket.Write((IReadOnlyList<OpenSession>)full.Problem.ProblemDetails.Extensions["sessions"]!))
            )
            : Answer(context, opening, outcome, "/login", form, ("email", email));
    }

    private static async Task<IResult> SignUpAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        SignUpService signUp,
        SessionOpening opening,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return Back("/signup", FormExpired);
        }

        var request = new SignUpService.Request(
            Field(form, "email"),
            Field(form, "password"),
            Short(Field(form, "name")),
            Short(Field(form, "organization"))
        );
        var outcome =
            request.Organization.Trim().Length == 0
                ? Outcome.Invalid("organization", "Give the organisation a name.")
                : await signUp.SignUpAsync(context, request, SessionKind.Page, cancellationToken);
        return SecondStepForm.Continue(context, outcome, Field(form, "return_url"))
            ?? Answer(
                context,
                opening,
                outcome,
                "/signup",
                form,
                ("email", request.Email),
                ("name", request.Name ?? ""),
                ("organization", request.Organization)
            );
    }

    private static async Task<IResult> InviteAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        InvitationAcceptance acceptance,
        SessionOpening opening,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return Back("/login", FormExpired);
        }

        var token = Field(form, "token");
        var outcome = await acceptance.AcceptAsync(
            context,
            token,
            Short(Field(form, "name")),
            Field(form, "password"),
            SessionKind.Page,
            cancellationToken
        );
        return SecondStepForm.Continue(context, outcome, Field(form, "return_url"))
            ?? Answer(context, opening, outcome, "/invite", form, ("token", token));
    }

    private static async Task<IResult> LogoutAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        SigningOut signingOut,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is null)
        {
            return Back("/", FormExpired);
        }

        if (context.Features.Get<Principal>() is { } principal)
        {
            await signingOut.SignOutAsync(context, principal, cancellationToken);
            context.Audit().By(PrincipalActor.Of(principal, CredentialWord.Page));
        }

        return PageForms.SeeOther("/login");
    }

    private static IResult Answer(
        HttpContext context,
        SessionOpening opening,
        Outcome outcome,
        string page,
        IFormCollection form,
        params (string Name, string Value)[] keep
    )
    {
        var returnUrl = form["return_url"].ToString();
        switch (outcome)
        {
            case Outcome.SignedIn signedIn:
                opening.WriteCookie(context, signedIn.Session);
                return PageForms.SeeOther(PageForms.IsOurs(returnUrl) ? returnUrl : "/");
            case Outcome.Refused refused:
                return Back(
                    page,
                    refused.FieldOfForm() is { } field ? $"{refused.Code}-{field}" : refused.Code,
                    PageForms.IsOurs(returnUrl) ? [.. keep, ("return_url", returnUrl)] : keep
                );
            default:
                throw new UnreachableException($"Unhandled outcome {outcome}.");
        }
    }

    private static IResult Back(string page, string error, params (string Name, string Value)[] keep) =>
        PageForms.SeeOther(
            page
                + QueryString.Create([
                    new("error", error),
                    .. keep.Select(pair => new KeyValuePair<string, string?>(pair.Name, pair.Value)),
                ])
        );

    private static string Field(IFormCollection form, string name)
    {
        var text = form[name].ToString();
        return text.Length > MaxFieldLength ? "" : text;
    }

    private static string Short(string text) => text.Length > 200 ? text[..200] : text;
}
