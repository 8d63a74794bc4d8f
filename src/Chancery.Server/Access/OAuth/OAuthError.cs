namespace Chancery.Server.Access.OAuth;

/// <summary>An error of the protocol, as its clients know it: <c>{"error": …}</c> (RFC 6749, 5.2), never a problem document.</summary>
internal sealed class OAuthError : IResult
{
    private OAuthError(int status, string code, string? description) =>
        (Status, Code, Description) = (status, code, description);

    public int Status { get; }

    public string Code { get; }

    public string? Description { get; }

    /// <summary>What the header WWW-Authenticate says beside a 401.</summary>
    private string? Challenge { get; init; }

    public static OAuthError InvalidRequest(string why) => new(400, "invalid_request", why);

    public static OAuthError InvalidGrant(string why) => new(400, "invalid_grant", why);

    public static OAuthError InvalidScope(string why) => new(400, "invalid_scope", why);

    public static OAuthError InvalidTarget(string why) => new(400, "invalid_target", why);

    public static OAuthError UnauthorizedClient(string why) => new(400, "unauthorized_client", why);

    public static OAuthError UnsupportedGrant() =>
        new(400, "unsupported_grant_type", "See grant_types_supported of the server's metadata.");

    /// <param name="byHeader">Whether the client authenticated by the header Authorization, which is then answered in kind.</param>
    public static OAuthError InvalidClient(bool byHeader) =>
        new(401, "invalid_client", "The client is not known here, or its secret or certificate is wrong.")
        {
            Challenge = byHeader ? "Basic realm=\"chancery\"" : null,
        };

    /// <summary>429, as HTTP says it; the protocol has no code of its own.</summary>
    public static OAuthError TooMany() =>
        new(429, "slow_down", "Too many requests from this address. Try again later.");

    /// <summary>The code of an error that is no more than its name, such as <c>authorization_pending</c>.</summary>
    public static OAuthError Named(string code, string why) => new(400, code, why);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        if (Challenge is not null)
        {
            response.Headers.WWWAuthenticate = Challenge;
        }

        await response.WriteAsJsonAsync(
            new Body(Code, Description),
            options: null,
            "application/json",
            httpContext.RequestAborted
        );
    }

    private sealed record Body(
        [property: System.Text.Json.Serialization.JsonPropertyName("error")] string Error,
        [property: System.Text.Json.Serialization.JsonPropertyName("error_description")] string? Description
    );
}
