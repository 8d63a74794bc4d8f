namespace Chancery.Server.Access.OAuth;

/// <summary>What tokens are for (RFC 8707): all of this server, or a part of it by its address.</summary>
/// <remarks>A token for a part counts on the paths below that part only.</remarks>
internal sealed class Resources(AccessSettings settings)
{
    /// <summary>The audience of a token for which no resource was asked.</summary>
    public const string Everything = Tokens.AccessTokens.Audience;

    private static readonly string[] Parts = ["/api/v1", "/api", "/mcp", "/", ""];

    private readonly string _root = settings.PublicUrl;

    /// <summary>Every audience that a token of ours may have.</summary>
    public IReadOnlyList<string> Audiences { get; } = [Everything, .. Parts.Select(part => settings.PublicUrl + part)];

    public bool IsKnown(string resource) =>
        resource.StartsWith(_root, StringComparison.Ordinal) && Parts.Contains(resource[_root.Length..]);

    /// <summary>Whether a token for <paramref name="audience"/> counts at <paramref name="path"/>.</summary>
    public bool Covers(string audience, PathString path) =>
        audience == Everything
        || (
            IsKnown(audience)
            && (
                audience[_root.Length..] is not { Length: > 1 } part
                || path.StartsWithSegments(part, StringComparison.OrdinalIgnoreCase)
            )
        );

    /// <summary>
    /// The audience when <paramref name="asked"/> is asked of something that was allowed for <paramref name="allowed"/>;
    /// <c>null</c> when that is not part of it.
    /// </summary>
    public string? Narrow(string? allowed, string? asked) =>
        asked is null ? allowed ?? Everything
        : !IsKnown(asked) ? null
        : allowed is null or Everything || allowed == asked ? asked
        : Covers(allowed, PathOf(asked)) ? asked
        : null;

    private PathString PathOf(string resource) =>
        resource[_root.Length..] is { Length: > 0 } part ? new PathString(part) : new PathString("/");
}
