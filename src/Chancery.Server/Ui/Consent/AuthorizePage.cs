using System.Diagnostics;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Platform.Edge;

namespace Chancery.Server.Ui.Consent;

/// <summary><c>GET /oauth/authorize</c>: the question, what is wrong with it, or on to somewhere else.</summary>
internal static class AuthorizePage
{
    public static async Task<IResult> HandleAsync(
        HttpContext context,
        Authorization authorization,
        CancellationToken cancellationToken
    )
    {
        switch (await authorization.BeginAsync(context, cancellationToken))
        {
            case AuthorizationStep.Go go:
                context.Response.Headers.CacheControl = "no-store";
                return TypedResults.Redirect(go.Location);
            case AuthorizationStep.Show show:
                context.Features.Set(new ShownRequestError(show.Why));
                return Pages.Show<RequestErrorPage>(context, StatusCodes.Status400BadRequest);
            case AuthorizationStep.Ask ask:
                context.Features.Set(ask.Question);
                FormsMayLeave(context);
                return Pages.Show<ConsentPage>(context);
            case var other:
                throw new UnreachableException($"Unhandled step {other}.");
        }
    }

    /// <summary>
    /// Browsers hold the rule on forms against every address that an answer leads on to, too: here that is the client's,
    /// and where the client sends people next, which nobody knows.
    /// </summary>
    public static void FormsMayLeave(HttpContext context) =>
        context.Response.Headers.ContentSecurityPolicy = SecurityHeaders.PagePolicy.Replace(
            "form-action 'self'; ",
            "",
            StringComparison.Ordinal
        );
}

/// <summary>What the page says; kept with the request.</summary>
internal sealed record ShownRequestError(string Why);
