using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Operators;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Ui.Operator;

/// <summary>
/// Signing in to the console with an operator's token, and signing out. The token itself is kept nowhere: the browser gets a pass for
/// it, which ends by itself.
/// </summary>
internal static class OperatorForms
{
    private const string Attempts = "operator";
    private const int MostAttempts = 10;
    private const int LongestToken = 512;

    public static void MapOperatorForms(this IEndpointRouteBuilder routes)
    {
        var forms = routes.MapForms();
        forms.MapPost(OperatorPages.SignIn, SignInAsync).AuditedWhenTold("operator.signed_in");
        forms.MapPost(OperatorPages.SignOut, SignOutAsync).AuditedWhenTold("operator.signed_out");
    }

    private static async Task<IResult> SignInAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        OperatorGate gate,
        SignInThrottle throttle,
        RefusalCounter refusals,
        ILogger<OperatorGate> logger,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return Back("form-expired", "");
        }

        var returnUrl = form["return_url"].ToString();
        if (!Transport.IsPrivate(context))
        {
            return Back("insecure-transport", returnUrl);
        }

        // Counted before it is looked at: of many at once no more get through than of many in a row.
        var address = Transport.AddressOf(context);
        if (!await throttle.EnterAsync(Attempts, address, MostAttempts))
        {
            Count(refusals, context, "too-many-requests");
            return Back("operator-wait", returnUrl);
        }

        var token = form["token"].ToString().Trim();
        if (token.Length is 0 or > LongestToken || await gate.FindAsync(token, cancellationToken) is not { } visit)
        {
            Log.OperatorTokenRefused(logger);
            Count(refusals, context, "operator-token");
            return Back("operator-token", returnUrl);
        }

        await throttle.ForgiveAsync(Attempts, address);
        gate.LetIn(context, visit);
        context.Audit().By(RequestActors.Of(visit));
        Log.OperatorSignedIn(logger, visit.Name);
        return PageForms.SeeOther(IsOfConsole(returnUrl) ? returnUrl : "/operator");
    }

    private static async Task<IResult> SignOutAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        OperatorGate gate,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is null)
        {
            return Back("form-expired", "");
        }

        if (await gate.AdmitAsync(context, cancellationToken) is { } visit)
        {
            context.Audit().By(RequestActors.Of(visit));
        }

        await gate.LetOutAsync(context);
        return PageForms.SeeOther(OperatorPages.SignIn + "?done=signed-out");
    }

    private static void Count(RefusalCounter refusals, HttpContext context, string reason) =>
        refusals.Count(
            new(
                AuditActor.Stranger,
                "operator.refused",
                null,
                reason,
                RefusalCounter.NetworkOf(context.Connection.RemoteIpAddress),
                null
            )
        );

    private static IResult Back(string error, string returnUrl) =>
        PageForms.SeeOther(
            $"{OperatorPages.SignIn}?error={error}"
                + (IsOfConsole(returnUrl) ? "&return_url=" + Uri.EscapeDataString(returnUrl) : "")
        );

    private static bool IsOfConsole(string url) =>
        PageForms.IsOurs(url)
        && (
            url is "/operator"
            || url.StartsWith("/operator/", StringComparison.Ordinal)
            || url.StartsWith("/operator?", StringComparison.Ordinal)
        );
}
