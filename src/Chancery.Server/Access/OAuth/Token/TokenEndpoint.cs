using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.OAuth.Device;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Edge;

namespace Chancery.Server.Access.OAuth.Token;

/// <summary><c>POST /oauth/token</c>: tokens for a code, a refresh token, a device, or a client as itself.</summary>
public static class TokenEndpoint
{
    internal sealed record Response(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("expires_in")] long ExpiresIn,
        [property: JsonPropertyName("refresh_token")] string? RefreshToken,
        [property: JsonPropertyName("scope")] string Scope,
        [property: JsonPropertyName("id_token")] string? IdToken
    );

    public static void Map(IEndpointRouteBuilder routes) => Map(routes, "/oauth/token");

    /// <summary>The same under another path, for older clients.</summary>
    public static void Map(IEndpointRouteBuilder routes, string path) =>
        routes.MapPost(path, HandleAsync).ForPrograms(anyOrigin: true).AuditedWhenTold("session.opened");

    private static async Task<IResult> HandleAsync(
        HttpContext context,
        ClientAuthentication authentication,
        Granting granting,
        CancellationToken cancellationToken
    )
    {
        var (form, malformed) = await OAuthForm.ReadAsync(context, cancellationToken);
        if (form is null)
        {
            return malformed!;
        }

        if (form["grant_type"] is not { } grant)
        {
            return OAuthError.InvalidRequest("grant_type is missing.");
        }

        var (client, unknown) = await authentication.FindAsync(context, form, cancellationToken);
        if (client is null)
        {
            return unknown!;
        }

        return grant is not (Grant.Code or Grant.Refresh or Grant.Client or Grant.Device)
                ? OAuthError.UnsupportedGrant()
            : !client.May(grant) ? OAuthError.UnauthorizedClient($"The client is not registered for {grant}.")
            : await granting.GrantAsync(context, client, grant, form, cancellationToken);
    }
}

/// <summary>Turns each grant into tokens, in the one place where OAuth clients get any. Safe for concurrent use.</summary>
internal sealed class Granting(
    CodeExchange codes,
    RefreshService refresh,
    Devices devices,
    Resources resources,
    AccessTokens tokens,
    IdTokens idTokens
)
{
    public async Task<IResult> GrantAsync(
        HttpContext context,
        OAuthClient client,
        string grant,
        OAuthForm form,
        CancellationToken cancellationToken
    ) =>
        grant switch
        {
            Grant.Code => await ForCodeAsync(context, client, form, cancellationToken),
            Grant.Refresh => await ForRefreshAsync(context, client, form, cancellationToken),
            Grant.Client => await ForItselfAsync(context, client, form, cancellationToken),
            Grant.Device => await ForDeviceAsync(context, client, form, cancellationToken),
            _ => OAuthError.UnsupportedGrant(),
        };

    private async Task<IResult> ForCodeAsync(
        HttpContext context,
        OAuthClient client,
        OAuthForm form,
        CancellationToken cancellationToken
    )
    {
        if (form["code"] is not { } code)
        {
            return OAuthError.InvalidRequest("code is missing.");
        }

        var exchanged = await codes.ExchangeAsync(context, client, CodeKind.Code, code, form, cancellationToken);
        return exchanged is { Session: { } opened, Code: { } allowed }
            ? await AnswerAsync(context, client, opened.Principal, opened, opened.Audience, allowed, cancellationToken)
            : exchanged.Error!;
    }

    private async Task<IResult> ForDeviceAsync(
        HttpContext context,
        OAuthClient client,
        OAuthForm form,
        CancellationToken cancellationToken
    )
    {
        if (form["device_code"] is not { } code)
        {
            return OAuthError.InvalidRequest("device_code is missing.");
        }

        if (await devices.PollAsync(client, code, cancellationToken) is { } notYet)
        {
            return notYet;
        }

        var exchanged = await codes.ExchangeAsync(context, client, CodeKind.Device, code, form, cancellationToken);
        return exchanged is { Session: { } opened, Code: { } allowed }
            ? await AnswerAsync(context, client, opened.Principal, opened, opened.Audience, allowed, cancellationToken)
            : exchanged.Error!;
    }

    private async Task<IResult> ForRefreshAsync(
        HttpContext context,
        OAuthClient client,
        OAuthForm form,
        CancellationToken cancellationToken
    )
    {
        if (form["refresh_token"] is not { } token)
        {
            return OAuthError.InvalidRequest("refresh_token is missing.");
        }

        if (Scope.Parse(form["scope"]) is not { } scopes)
        {
            return OAuthError.InvalidScope("This is no list of scopes.");
        }

        var given = await refresh.FindAsync(token, client.Id, cancellationToken);
        if (given is not null && scopes.Any(scope => given.Scopes?.Contains(scope) != true))
        {
            return OAuthError.InvalidScope("A refresh does not widen what was allowed.");
        }

        if (given is not null && (form.Resources.Count > 1 || resources.Narrow(given.Audience, form.Resource) is null))
        {
            return OAuthError.InvalidTarget("The resource is not what was allowed, or there is more than one.");
        }

        if (
            await refresh.RefreshAsync(token, cancellationToken, client.Id)
            is not Outcome.SignedIn { Session: var opened }
        )
        {
            return OAuthError.InvalidGrant("The refresh token was used, ended, or is not this client's.");
        }

        var principal = Limit(client, opened.Principal, scopes);
        var audience = resources.Narrow(opened.Audience, form.Resource);
        return await AnswerAsync(context, client, principal, opened, audience, allowed: null, cancellationToken);
    }

    private async Task<IResult> ForItselfAsync(
        HttpContext context,
        OAuthClient client,
        OAuthForm form,
        CancellationToken cancellationToken
    )
    {
        if (!client.IsConfidential || client.Itself is not { } itself)
        {
            return OAuthError.UnauthorizedClient("Whoever registered the client may not do that any more.");
        }

        if (
            Scope.Parse(form["scope"]) is not { } scopes
            || scopes.Except(client.Scopes).Any()
            || scopes.Intersect(Scope.OfIdentity).Any()
        )
        {
            return OAuthError.InvalidScope(
                "The client may not have one of these scopes as itself, or it does not exist."
            );
        }

        if (form.Resources.Count > 1 || resources.Narrow(allowed: null, form.Resource) is not { } audience)
        {
            return OAuthError.InvalidTarget("The resource is not one of this server, or there is more than one.");
        }

        context.Audit().By(PrincipalActor.Of(itself, CredentialWord.Token));
        var granted = (scopes.Count > 0 ? scopes : client.Scopes.Except(Scope.OfIdentity)).ToFrozenSet(
            StringComparer.Ordinal
        );
        return await AnswerAsync(
            context,
            client,
            itself with
            {
                Scopes = granted,
            },
            opened: null,
            audience,
            allowed: null,
            cancellationToken
        );
    }

    private static Principal Limit(OAuthClient client, Principal principal, IReadOnlyList<string> asked) =>
        principal with
        {
            Scopes = client
                .Scopes.Where(scope =>
                    principal.Scopes?.Contains(scope) == true && (asked.Count == 0 || asked.Contains(scope))
                )
                .ToFrozenSet(StringComparer.Ordinal),
        };

    private async Task<IResult> AnswerAsync(
        HttpContext context,
        OAuthClient client,
        Principal principal,
        OpenedSession? opened,
        string? audience,
        AllowedCode? allowed,
        CancellationToken cancellationToken
    )
    {
        // Asked again, so that nothing but a certificate that counts is ever bound.
        var shown = client.Certificate is null ? null : CallerCertificate.Of(context);
        if (client.Certificate is not null && shown is null)
        {
            return OAuthError.InvalidClient(byHeader: false);
        }

        var access = await tokens.IssueAsync(
            principal,
            cancellationToken,
            audience ?? Resources.Everything,
            shown is null ? null : CallerCertificate.ThumbprintOf(shown)
        );
        var identity =
            allowed is not null && principal.Scopes!.Contains(Scope.OpenId)
                ? await idTokens.IssueAsync(
                    principal,
                    client.Id,
                    allowed.Nonce,
                    allowed.AuthTime,
                    access,
                    cancellationToken
                )
                : null;
        return new TokenAnswer(
            new TokenEndpoint.Response(
                access,
                "Bearer",
                (long)tokens.Life.TotalSeconds,
                opened is { Secret.Length: > 0 } ? opened.Secret : null,
                Scope.Join(principal.Scopes!.Order(StringComparer.Ordinal)),
                identity
            )
        );
    }

    private sealed class TokenAnswer(TokenEndpoint.Response response) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.CacheControl = "no-store";
            httpContext.Response.Headers.Pragma = "no-cache";
            return httpContext.Response.WriteAsJsonAsync(
                response,
                options: null,
                "application/json",
                httpContext.RequestAborted
            );
        }
    }
}
