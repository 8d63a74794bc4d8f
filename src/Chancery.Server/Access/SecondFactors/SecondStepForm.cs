using System.Text.Json;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>
/// What the page <c>/login/second-step</c> posts: code, recovery_code or passkey, end_session, return_url. The challenge is in a
/// cookie that no script reads.
/// </summary>
internal static class SecondStepForm
{
    public const string Page = "/login/second-step";
    private const int MaxFieldLength = 16_384;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapForms().MapPost(Page, AnswerAsync).AuditedWhenTold("session.opened");

    /// <summary>On to the second step, when that is what a sign-in ended in; else null.</summary>
    public static IResult? Continue(HttpContext context, Outcome outcome, string returnUrl)
    {
        if (outcome is not Outcome.Refused { Code: "second-factor-required" } asked)
        {
            return null;
        }

        ChallengeCookie.Write(context, (string)asked.Problem.ProblemDetails.Extensions["challenge"]!);
        var factors = (IReadOnlyList<string>)asked.Problem.ProblemDetails.Extensions["factors"]!;
        return To(returnUrl, ("factors", string.Join(' ', factors)));
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        SecondStep second,
        SessionOpening opening,
        OpenSessionsTicket ticket,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return PageForms.SeeOther("/login?error=form-expired");
        }

        var returnUrl = form["return_url"].ToString();
        var factors = form["factors"].ToString();
        var outcome = await second.AnswerAsync(
            context,
            ChallengeCookie.Read(context.Request) ?? "",
            SessionKind.Page,
            new FactorAnswer(Field(form, "code"), Field(form, "recovery_code"), PasskeyOf(form)),
            cancellationToken,
            Guid.TryParse(form["end_session"].ToString(), out var ended) ? ended : null
        );
        switch (outcome)
        {
            case Outcome.SignedIn signedIn:
                ChallengeCookie.Delete(context);
                opening.WriteCookie(context, signedIn.Session);
                return PageForms.SeeOther(PageForms.IsOurs(returnUrl) ? returnUrl : "/");
            case Outcome.Refused { Code: "concurrency-limit" } full:
                ChallengeCookie.Write(context, (string)full.Problem.ProblemDetails.Extensions["challenge"]!);
                return To(
                    returnUrl,
                    ("error", full.Code),
                    (
                        "open",
                        ticket.Write((IReadOnlyList<OpenSession>)full.Problem.ProblemDetails.Extensions["sessions"]!)
                    )
                );
            case Outcome.Refused { Code: "invalid-second-factor" or "too-many-requests" } wrong:
                return To(returnUrl, ("error", wrong.Code), ("factors", factors));
            case Outcome.Refused refused:
                ChallengeCookie.Delete(context);
                return PageForms.SeeOther(
                    "/login" + QueryString.Create("error", refused.Code).Add("return_url", OursOf(returnUrl))
                );
            default:
                throw new System.Diagnostics.UnreachableException($"Unhandled outcome {outcome}.");
        }
    }

    private static IResult To(string returnUrl, params (string Name, string Value)[] values) =>
        PageForms.SeeOther(
            Page
                + values.Aggregate(
                    QueryString.Create("return_url", OursOf(returnUrl)),
                    (query, pair) => query.Add(pair.Name, pair.Value)
                )
        );

    private static string OursOf(string returnUrl) => PageForms.IsOurs(returnUrl) ? returnUrl : "/";

    private static string? Field(IFormCollection form, string name) =>
        form[name].ToString() is { Length: > 0 and <= 64 } text ? text : null;

    private static JsonElement? PasskeyOf(IFormCollection form)
    {
        if (form["passkey"].ToString() is not { Length: > 0 and <= MaxFieldLength } text)
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
