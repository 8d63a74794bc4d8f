using System.Collections.Frozen;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.SignIn;

/// <summary>A new sign-in. The secret is the cookie's or the refresh token, and is nowhere else in clear.</summary>
internal sealed record OpenedSession(Principal Principal, string Kind, string Secret)
{
    /// <summary>What the session's tokens are for, when they are not for all of this server.</summary>
    public string? Audience { get; init; }
}

/// <summary>A sign-in of a program for a person: which, and to what it is limited.</summary>
/// <param name="ClientName">Shown to the person in the list of their sign-ins.</param>
/// <param name="Audience">A part of this server; null for all of it.</param>
/// <param name="IsRefreshable">Whether it goes on after its access token; else it ends with that.</param>
internal sealed record Delegation(
    string ClientId,
    string ClientName,
    IReadOnlyList<string> Scopes,
    string? Audience,
    bool IsRefreshable
);

/// <summary>Opens sessions of either kind and turns them into answers. Safe for concurrent use.</summary>
internal sealed class SessionOpening(
    PeopleStore people,
    AccessTokens tokens,
    AccessSettings settings,
    TimeProvider time
)
{
    private const string RefreshPrefix = "cr_";
    private const int MaxDeviceLength = 200;

    public TimeSpan RefreshLife => settings.RefreshLife;

    public static string NewRefreshToken() => SecretText.Create(RefreshPrefix);

    /// <summary>Writes a session for <paramref name="person"/> into the bound tenant; the caller commits.</summary>
    /// <param name="person">Without a session, or with another one.</param>
    /// <param name="delegation">For a program that acts for the person; null for their own sign-in.</param>
    /// <param name="authenticated">How they proved who they are; by their password, just now, when it is left out.</param>
    public async Task<OpenedSession> OpenAsync(
        TenantSession session,
        Principal person,
        string kind,
        HttpContext context,
        CancellationToken cancellationToken,
        Delegation? delegation = null,
        Authenticated? authenticated = null
    )
    {
        var now = time.GetUtcNow();
        var isRefreshable = delegation?.IsRefreshable != false;
        var expiresAt = now + (isRefreshable ? settings.RefreshLife : tokens.Life + AccessTokens.ClockSkew);
        var principal = person with
        {
            SessionId = Guid.CreateVersion7(now),
            ClientId = delegation?.ClientId,
            Scopes = delegation?.Scopes.ToFrozenSet(StringComparer.Ordinal),
            Methods = authenticated?.Methods ?? AuthenticationMethod.PasswordOnly,
            AuthenticatedAt = authenticated?.At ?? now,
        };
        var isPage = kind == SessionKind.Page;
        var secret = isPage ? SecretText.Create() : NewRefreshToken();
        var device = delegation?.ClientName ?? context.Request.Headers.UserAgent.ToString();
        await SessionStore.InsertAsync(
            session,
            new SessionStore.NewSession(
                principal.SessionId.Value,
                principal.UserId,
                isPage ? SecretText.HashOf(secret) : [],
                kind,
                device.Length > MaxDeviceLength ? device[..MaxDeviceLength] : device,
                Transport.AddressOf(context),
                now,
                expiresAt,
                delegation?.ClientId,
                delegation is null ? null : [.. delegation.Scopes],
                delegation?.Audience,
                [.. principal.Methods],
                principal.AuthenticatedAt,
                principal.IsConfined,
                principal.Issuer
            ),
            cancellationToken
        );
        if (!isPage && isRefreshable)
        {
            await SessionStore.InsertRefreshAsync(
                session,
                principal.SessionId.Value,
                SecretText.HashOf(secret),
                now,
                expiresAt,
                usedAt: null,
                cancellationToken
            );
        }

        return new OpenedSession(principal, kind, isPage || isRefreshable ? secret : "")
        {
            Audience = delegation?.Audience,
        };
    }

    /// <summary>The API's answer; a page's session becomes a cookie instead of tokens.</summary>
    public async Task<TokenResponse> AnswerAsync(
        HttpContext context,
        OpenedSession opened,
        CancellationToken cancellationToken
    )
    {
        context.Response.Headers.CacheControl = "no-store";
        var user = UserView.Of(opened.Principal);
        var tenants = await people.TenantsOfAsync(opened.Principal, cancellationToken);
        if (opened.Kind == SessionKind.Page)
        {
            WriteCookie(context, opened);
            return new TokenResponse(null, null, null, null, null, user, tenants);
        }

        return new TokenResponse(
            await tokens.IssueAsync(opened.Principal, cancellationToken),
            "Bearer",
            (long)tokens.Life.TotalSeconds,
            opened.Secret,
            (long)Math.Min(settings.RefreshLife.TotalSeconds, settings.SessionIdle.TotalSeconds),
            user,
            tenants
        );
    }

    public void WriteCookie(HttpContext context, OpenedSession opened) =>
        PageCookie.Write(context, opened.Principal.SessionId!.Value, opened.Secret, settings.RefreshLife);
}
