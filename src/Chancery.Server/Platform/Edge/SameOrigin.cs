namespace Chancery.Server.Platform.Edge;

/// <summary>Whether a browser says that a page of ours sends a request.</summary>
/// <remarks>Every browser that we support sends Sec-Fetch-Site on TLS and loopback; Origin is for the others.</remarks>
internal static class SameOrigin
{
    public static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <param name="publicUrl">The address that people use.</param>
    public static bool Is(HttpRequest request, string publicUrl)
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
                    new Uri(publicUrl).GetLeftPart(UriPartial.Authority),
                    StringComparison.OrdinalIgnoreCase
                )
            );
    }

    /// <summary>
    /// Whether a browser says that another site sends this, whatever the credential. What says nothing is no browser,
    /// or an old one.
    /// </summary>
    public static bool IsForeign(HttpRequest request, string publicUrl) =>
        (request.Headers.ContainsKey("Sec-Fetch-Site") || request.Headers.ContainsKey("Origin"))
        && !Is(request, publicUrl);
}
