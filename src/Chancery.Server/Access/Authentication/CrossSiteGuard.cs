using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Authentication;

/// <summary>Refuses changes that a browser sends with our cookie on behalf of another site.</summary>
/// <remarks>
/// Browsers send the cookie by themselves, tokens and keys never; so only requests authorised by cookie are looked at.
/// </remarks>
internal sealed class CrossSiteGuard(RequestDelegate next, AccessSettings settings)
{
    public Task InvokeAsync(HttpContext context) =>
        context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie }
        && !SameOrigin.IsSafe(context.Request.Method)
        && !SameOrigin.Is(context.Request, settings.PublicUrl)
            ? RefuseAsync(context)
            : next(context);

    private static Task RefuseAsync(HttpContext context)
    {
        var refusal = Problem.CrossSite();
        return context.GetEndpoint()?.Metadata.GetMetadata<LegacyErrors>() is not null
            ? LegacyErrors.WriteForbiddenAsync(context, refusal.ProblemDetails.Title!)
            : refusal.ExecuteAsync(context);
    }

    /// <summary>Whether a browser says that another site sends this, whatever the credential.</summary>
    public static bool IsForeign(HttpRequest request, AccessSettings settings) =>
        SameOrigin.IsForeign(request, settings.PublicUrl);
}
