using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Authentication;

/// <summary>Refuses changes that a browser sends with our cookie on behalf of another site.</summary>
/// <remarks>
/// Browsers send the cookie by themselves, tokens and keys never; so only requests authorised by cookie are looked at.
/// Every browser that we support sends Sec-Fetch-Site on TLS and loopback; Origin is for the others.
/// </remarks>
internal sealed class CrossSiteGuard(RequestDelegate next, AccessSettings settings)
{
    public Task InvokeAsync(HttpContext context) =>
        context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie }
        && !IsSafe(context.Request.Method)
        && !IsSameOrigin(context.Request, settings)
            ? RefuseAsync(context)
            : next(context);

    private static Task RefuseAsync(HttpContext context)
    {
        var refusal = Problem.CrossSite();
        return context.GetEndpoint()?.Metadata.GetMetadata<LegacyErrors>() is not null
            ? LegacyErrors.WriteForbiddenAsync(context, refusal.ProblemDetails.Title!)
            : refusal.ExecuteAsync(context);
    }

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>
    /// Whether a browser says that another site sends this, whatever the credential. What says nothing is no browser,
    /// or an old one.
    /// </summary>
    public static bool IsForeign(HttpRequest request, AccessSettings settings) =>
        (request.Headers.ContainsKey("Sec-Fetch-Site") || request.Headers.ContainsKey("Origin"))
        && !IsSameOrigin(request, settings);

    private static bool IsSameOrigin(HttpRequest request, AccessSettings settings)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
        {
            return site == "same-origin";
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && (
                origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
                || origin.Equals(
                    new Uri(settings.PublicUrl).GetLeftPart(UriPartial.Authority),
                    StringComparison.OrdinalIgnoreCase
                )
            );
    }
}
