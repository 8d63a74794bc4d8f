using Chancery.Server.Access.Authentication;

namespace Chancery.Server.Access.OAuth;

/// <summary>What the endpoints that programs call have in common.</summary>
internal static class OAuthRoutes
{
    /// <summary>The name of the rule on other origins.</summary>
    public const string AnyOrigin = "oauth";

    /// <summary>
    /// Not in the description of the API: clients of the protocol find it by the server's metadata. A page's cookie is not
    /// looked at.
    /// </summary>
    /// <param name="anyOrigin">Whether programs that run in browsers call it from pages of their own.</param>
    public static RouteHandlerBuilder ForPrograms(this RouteHandlerBuilder route, bool anyOrigin)
    {
        route.AllowAnonymous().DisableAntiforgery().ExcludeFromDescription().WithMetadata(NoCredential.Instance);
        return anyOrigin ? route.RequireCors(AnyOrigin) : route;
    }
}
