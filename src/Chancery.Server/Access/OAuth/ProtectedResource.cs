namespace Chancery.Server.Access.OAuth;

/// <summary>
/// On routes whose clients find out by themselves where tokens come from (RFC 9728): a challenge names the description. Pages'
/// cookies do not count there.
/// </summary>
/// <param name="Path">The part of this server that tokens may be for (RFC 8707).</param>
/// <param name="Scopes">What a client asks for that does not know better.</param>
public sealed record ProtectedResource(string Path, IReadOnlyList<string> Scopes)
{
    internal const string WellKnown = "/.well-known/oauth-protected-resource";

    /// <summary>The parameters of a challenge that say where to read on.</summary>
    internal string Parameters(AccessSettings settings) =>
        $"resource_metadata=\"{settings.PublicUrl}{WellKnown}{Path}\"";

    /// <summary>The challenge to somebody whose credential lacks <paramref name="scope"/>.</summary>
    internal string Insufficient(AccessSettings settings, string scope) =>
        $"Bearer error=\"insufficient_scope\", scope=\"{scope}\", {Parameters(settings)}";
}
