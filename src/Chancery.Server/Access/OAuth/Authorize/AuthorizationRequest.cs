using System.Globalization;
using Chancery.Server.Access.OAuth.Clients;

namespace Chancery.Server.Access.OAuth.Authorize;

/// <summary>What a client asks a person for, when all of it is in order.</summary>
/// <param name="Query">The request as it came, without "?".</param>
/// <param name="GivenRedirectUri">Null when the client left it out, having registered one only.</param>
internal sealed record AuthorizationRequest(
    string Query,
    OAuthClient Client,
    string RedirectUri,
    string? GivenRedirectUri,
    IReadOnlyList<string> Scopes,
    string? Audience,
    string CodeChallenge,
    string? State,
    string? Nonce,
    IReadOnlyList<string> Prompt,
    TimeSpan? MaxAge,
    string? LoginHint
);

/// <summary>What reading a request ends in.</summary>
internal abstract record RequestReading
{
    private RequestReading() { }

    public sealed record Good(AuthorizationRequest Request) : RequestReading;

    /// <summary>The client is told, as it is who it says, and is where it may be.</summary>
    public sealed record Refused(string RedirectUri, string? State, string Error, string Why) : RequestReading;

    /// <summary>Nobody is sent anywhere: the person is shown what is wrong.</summary>
    public sealed record Shown(string Why) : RequestReading;
}

/// <summary>Reads authorization requests (RFC 6749, 4.1.1; RFC 7636; RFC 8707; OpenID Connect Core, 3.1.2.1).</summary>
internal sealed class AuthorizationRequests(ClientDirectory clients, Resources resources)
{
    /// <summary>Of the whole request: it has to fit into an address twice, once encoded.</summary>
    public const int MaxLength = 3500;

    private const int MaxNonce = 500;
    private const int ChallengeLength = 43;
    private static readonly string[] Prompts = ["none", "login", "consent", "select_account"];

    /// <param name="query">Without "?".</param>
    public async Task<RequestReading> ReadAsync(string query, CancellationToken cancellationToken)
    {
        if (query.Length > MaxLength)
        {
            return new RequestReading.Shown("The request is longer than is taken here.");
        }

        var pairs = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query);
        if (OAuthForm.Of(pairs.Where(pair => pair.Key is "client_id" or "redirect_uri")) is not { } who)
        {
            return new RequestReading.Shown("The request names its application, or its address, more than once.");
        }

        if (
            who["client_id"] is not { } clientId
            || await clients.ReadAsync(clientId, cancellationToken) is not { } client
        )
        {
            return new RequestReading.Shown(
                "The application is not known here. It may have been removed, or does not say who it is where it should."
            );
        }

        if (client.Resolve(who["redirect_uri"]) is not { } redirect)
        {
            return new RequestReading.Shown(
                "The application asks to send you to an address that is not registered for it."
            );
        }

        var state = pairs.TryGetValue("state", out var states) && states is [{ Length: > 0 } only] ? only : null;
        RequestReading.Refused Refuse(string error, string why) => new(redirect, state, error, why);

        if (OAuthForm.Of(pairs) is not { } form)
        {
            return Refuse("invalid_request", "Each parameter is sent once, and holds no control characters.");
        }

        if (form["request"] is not null)
        {
            return Refuse("request_not_supported", "Send the parameters themselves.");
        }

        if (form["request_uri"] is not null)
        {
            return Refuse("request_uri_not_supported", "Send the parameters themselves.");
        }

        if (form["response_type"] is not { } type)
        {
            return Refuse("invalid_request", "response_type is missing.");
        }

        if (type != "code")
        {
            return Refuse("unsupported_response_type", "Only response_type=code is supported.");
        }

        if (!client.May(Grant.Code))
        {
            return Refuse("unauthorized_client", "The client is not registered for authorization_code.");
        }

        if (form["response_mode"] is not (null or "query"))
        {
            return Refuse("invalid_request", "Only response_mode=query is supported.");
        }

        if (form["code_challenge"] is not { } challenge)
        {
            return Refuse("invalid_request", "PKCE is required: code_challenge is missing.");
        }

        if (form["code_challenge_method"] != "S256")
        {
            return Refuse("invalid_request", "Only code_challenge_method=S256 is supported.");
        }

        if (
            challenge.Length != ChallengeLength
            || !challenge.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
        )
        {
            return Refuse("invalid_request", "code_challenge is not BASE64URL(SHA256(code_verifier)).");
        }

        if (Scope.Parse(form["scope"]) is not { } scopes || scopes.Except(client.Scopes).Any())
        {
            return Refuse("invalid_scope", "The client may not ask for one of these scopes, or it does not exist.");
        }

        if (form.Resources.Count > 1 || resources.Narrow(allowed: null, form.Resource) is not { } audience)
        {
            return Refuse("invalid_target", "The resource is not one of this server, or there is more than one.");
        }

        string[] prompt = form["prompt"]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (prompt.Except(Prompts).Any() || (prompt.Contains("none") && prompt.Length > 1))
        {
            return Refuse("invalid_request", "prompt is not understood.");
        }

        TimeSpan? maxAge = null;
        if (form["max_age"] is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return Refuse("invalid_request", "max_age is a number of seconds.");
            }

            maxAge = TimeSpan.FromSeconds(seconds);
        }

        if (form["nonce"] is { Length: > MaxNonce })
        {
            return Refuse("invalid_request", $"nonce has at most {MaxNonce} characters.");
        }

        return new RequestReading.Good(
            new AuthorizationRequest(
                query,
                client,
                redirect,
                who["redirect_uri"],
                scopes.Count > 0 ? scopes : [.. client.Scopes.Intersect(Scope.ByDefault)],
                audience == Resources.Everything ? null : audience,
                challenge,
                state,
                form["nonce"],
                prompt,
                maxAge,
                form["login_hint"]
            )
        );
    }
}
