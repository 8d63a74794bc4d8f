using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.SignIn;

/// <summary>A new sign-in. The secret is the cookie's or the refresh token, and is nowhere else in clear.</summary>
internal sealed record OpenedSession(Principal Principal, string Kind, string Secret);

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
    public async Task<OpenedSession> OpenAsync(
        TenantSession session,
        Principal person,
        string kind,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var expiresAt = now + settings.RefreshLife;
        var principal = person with { SessionId = Guid.CreateVersion7(now) };
        var isPage = kind == SessionKind.Page;
        var secret = isPage ? SecretText.Create() : NewRefreshToken();
        var device = context.Request.Headers.UserAgent.ToString();
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
                expiresAt
            ),
            cancellationToken
        );
        if (!isPage)
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

        return new OpenedSession(principal, kind, secret);
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
        var tenants = await people.TenantsOfAsync(opened.Principal.UserId, cancellationToken);
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
