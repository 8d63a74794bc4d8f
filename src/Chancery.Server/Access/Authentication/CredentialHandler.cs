using System.Security.Claims;
using System.Text.Encodings.Web;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Keys;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Access.OAuth;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Provisioning;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Access.Authentication;

/// <summary>How a request proved who calls.</summary>
internal enum CredentialKind
{
    Token,
    Key,
    Cookie,
}

/// <summary>
/// Turns any of the credentials into a <see cref="Principal"/>: a bearer token, a key (bearer or X-API-Key), the page's
/// cookie; the first one present decides, so that a bad token is not saved by a good cookie.
/// </summary>
internal sealed class CredentialHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    AccessTokens tokens,
    SessionDirectory sessions,
    ApiKeyDirectory keys,
    ClientDirectory clients,
    Resources resources,
    AccessSettings settings,
    ExternalTokens externals,
    OperatorAccessDirectory accesses
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "chancery";
    private const string Bearer = "Bearer ";

    private bool _expired;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<NoCredential>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        var cancellationToken = Context.RequestAborted;
        if (KeyOf(Request) is { } key)
        {
            return await FromKeyAsync(key, cancellationToken);
        }

        if (BearerOf(Request) is { } token)
        {
            return externals.IsForeign(token)
                ? await FromForeignAsync(token, cancellationToken)
                : await FromTokenAsync(token, cancellationToken);
        }

        return Resource is null && PageCookie.Read(Request) is { Length: > 0 } cookie
            ? await FromCookieAsync(cookie, cancellationToken)
            : AuthenticateResult.NoResult();
    }

    /// <summary>What stands behind "Bearer", or null when there is no such header.</summary>
    internal static string? BearerOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is { } text
        && text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? text[Bearer.Length..].Trim()
            : null;

    /// <summary>The key that a request is made with, or null when it is made with something else.</summary>
    internal static string? KeyOf(HttpRequest request)
    {
        if (BearerOf(request) is { } credential)
        {
            return credential.StartsWith(ApiKeyText.Prefix, StringComparison.Ordinal) ? credential : null;
        }

        return request.Headers["X-API-Key"].ToString() is { Length: > 0 } key ? key.Trim() : null;
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (!IsApi)
        {
            if (HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method))
            {
                var target = Uri.EscapeDataString(Request.Path + Request.QueryString);
                Response.Headers.Location = $"/login?return_url={target}";
                Response.StatusCode = StatusCodes.Status303SeeOther;
                return;
            }

            Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        Response.Headers.WWWAuthenticate =
            _expired ? "Bearer error=\"invalid_token\", error_description=\"The access token expired\""
            // Without any the challenge says no more than how to bring one (RFC 6750, 3.1).
            : BearerOf(Request) is null ? "Bearer"
            : "Bearer error=\"invalid_token\"";
        if (Resource is { } resource)
        {
            var separator = BearerOf(Request) is null && !_expired ? " " : ", ";
            Response.Headers.WWWAuthenticate =
                $"{Response.Headers.WWWAuthenticate}{separator}{resource.Parameters(settings)}, scope=\"{string.Join(' ', resource.Scopes)}\"";
        }

        if (Context.GetEndpoint()?.Metadata.GetMetadata<ScimErrors>() is not null)
        {
            await ScimErrors.Of(401, null, "The key does not count.").ExecuteAsync(Context);
            return;
        }

        if (Context.GetEndpoint()?.Metadata.GetMetadata<LegacyErrors>() is not null)
        {
            var result = await HandleAuthenticateOnceSafeAsync();
            await LegacyErrors.WriteChallengeAsync(Context, _expired, nothingGiven: result.None);
            return;
        }

        await (_expired ? Problem.TokenExpired() : Problem.Unauthenticated()).ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var principal = Context.Features.Get<Principal>();
        var missing = Context
            .GetEndpoint()
            ?.Metadata.GetOrderedMetadata<IAuthorizeData>()
            .Select(data => data.Policy)
            .FirstOrDefault(policy => policy is not null && principal?.May(policy) != true);
        if (principal?.Scopes is not null && missing is not null)
        {
            Response.Headers.WWWAuthenticate =
                Resource?.Insufficient(settings, missing)
                ?? $"Bearer error=\"insufficient_scope\", scope=\"{missing}\"";
        }

        return Context.GetEndpoint()?.Metadata.GetMetadata<ScimErrors>() is not null
            ? ScimErrors.Of(403, null, $"This takes the scope {missing}.").ExecuteAsync(Context)
            : Problem.Forbidden(missing ?? "another role").ExecuteAsync(Context);
    }

    /// <summary>Older paths for programs stand beside the pages; like every route of the API they come with an example.</summary>
    private bool IsApi =>
        Request.Path.StartsWithSegments("/api")
        || Request.Path.StartsWithSegments(ScimEndpoints.Root)
        || Request.Path.StartsWithSegments("/v1")
        || Resource is not null
        || Context.GetEndpoint()?.Metadata.GetMetadata<RouteExample>() is not null;

    private ProtectedResource? Resource => Context.GetEndpoint()?.Metadata.GetMetadata<ProtectedResource>();

    /// <summary>Where the token was shown; a route within a request has another path.</summary>
    private PathString Entrance => Context.Features.Get<WithinCall>()?.Entrance ?? Request.Path;

    private async Task<AuthenticateResult> FromTokenAsync(string text, CancellationToken cancellationToken)
    {
        switch (await tokens.CheckAsync(text, cancellationToken))
        {
            case TokenCheck.Expired { Token: var old }:
                _expired = true;
                Refuse(old, "token-expired");
                return AuthenticateResult.Fail("The access token expired.");
            case TokenCheck.Invalid invalid:
                Log.TokenRefused(Logger, invalid.Reason);
                return AuthenticateResult.Fail("The access token is not valid.");
            case TokenCheck.Valid { Token: var token }:
                if (!resources.Covers(token.Audience, Entrance))
                {
                    Log.TokenRefused(Logger, "for another resource");
                    return AuthenticateResult.Fail("The access token is for another part of this server.");
                }

                if (!token.CountsOn(Context))
                {
                    Log.TokenRefused(Logger, "for another certificate");
                    Refuse(token, "wrong-certificate");
                    return AuthenticateResult.Fail("The access token counts beside its certificate only.");
                }

                if (await PrincipalOfAsync(token, cancellationToken) is { } principal)
                {
                    return Succeed(principal, CredentialKind.Token);
                }

                Refuse(token, "session-ended");
                return AuthenticateResult.Fail("The session is over.");
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unhandled check {other}.");
        }
    }

    private async Task<AuthenticateResult> FromForeignAsync(string text, CancellationToken cancellationToken)
    {
        if (await externals.FindAsync(text, cancellationToken) is not var (principal, audience))
        {
            return AuthenticateResult.Fail("The access token is not valid.");
        }

        // An audience that is no address of ours is for all of this server, as whoever trusts the issuer said.
        if (resources.IsKnown(audience) && !resources.Covers(audience, Entrance))
        {
            Log.TokenRefused(Logger, "for another resource");
            return AuthenticateResult.Fail("The access token is for another part of this server.");
        }

        return Succeed(principal, CredentialKind.Token);
    }

    private async ValueTask<Principal?> PrincipalOfAsync(AccessToken token, CancellationToken cancellationToken)
    {
        if (token.IsBreakGlass)
        {
            return await accesses.FindAsync(token, cancellationToken);
        }

        if (token.SessionId is not { } sessionId)
        {
            return await clients.FindItselfAsync(token, cancellationToken);
        }

        var state = await sessions.FindAsync(sessionId, cancellationToken);
        if (
            state is null
            || state.UserId != token.Subject
            || state.TenantId != token.TenantId
            || state.ClientId != token.ClientId
        )
        {
            return null;
        }

        await sessions.SlideAsync(state, cancellationToken);
        return token.Limit(state.ToPrincipal());
    }

    private async Task<AuthenticateResult> FromKeyAsync(string text, CancellationToken cancellationToken)
    {
        var found = await keys.FindAsync(text, Context.Connection.RemoteIpAddress, cancellationToken);
        if (found is not var (principal, requestsPerMinute))
        {
            if (keys.WhyNot(text) is { } whose)
            {
                Context.Features.Set(new RefusedCredential(whose));
            }

            return AuthenticateResult.Fail("The key does not count.");
        }

        if (requestsPerMinute is { } most)
        {
            Context.Features.Set(new KeyLimit(most));
        }

        return Succeed(principal, CredentialKind.Key);
    }

    private async Task<AuthenticateResult> FromCookieAsync(string value, CancellationToken cancellationToken)
    {
        if (
            !PageCookie.TryParse(value, out var sessionId, out var secret)
            || await sessions.FindAsync(sessionId, cancellationToken) is not { } state
            || !PageCookie.Fits(state, secret)
        )
        {
            return AuthenticateResult.Fail("The session is over.");
        }

        await sessions.SlideAsync(state, cancellationToken);
        return Succeed(state.ToPrincipal(), CredentialKind.Cookie);
    }

    /// <summary>Ours, by its signature, and good for nothing now: the record says whose.</summary>
    private void Refuse(AccessToken token, string why) =>
        Context.Features.Set(
            new RefusedCredential(
                new AuditActor(
                    token.TenantId,
                    token.IsBreakGlass ? ActorKind.Operator
                        : token.ClientId is null ? ActorKind.Person
                        : ActorKind.Program,
                    token.Subject,
                    token.SessionId is null || token.IsBreakGlass ? null : token.Subject,
                    CredentialWord.Token,
                    token.ClientId ?? token.SessionId?.ToString(),
                    "",
                    ""
                )
                {
                    RefusedBecause = why,
                }
            )
        );

    private AuthenticateResult Succeed(Principal principal, CredentialKind kind)
    {
        Context.Features.Set(principal);
        Context.Features.Set(new Credential(kind));
        var identity = new ClaimsIdentity(
            [
                new Claim("sub", principal.Id.ToString()),
                new Claim("tenant_id", principal.Tenant.ToString()),
                new Claim("role", principal.Role),
                new Claim("name", principal.Name),
                new Claim("email", principal.Email),
            ],
            SchemeName,
            "name",
            "role"
        );
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }
}

/// <summary>Kept with the request for the cross-site check and for signing out.</summary>
internal sealed record Credential(CredentialKind Kind);
