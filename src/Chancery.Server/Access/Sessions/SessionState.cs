using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Sessions;

/// <summary>A session that counts, with what its person may do right now. As <c>door_session</c> answers it.</summary>
internal sealed record SessionState(
    Guid TenantId,
    Guid SessionId,
    Guid UserId,
    byte[] SecretHash,
    string Kind,
    string Email,
    string UserName,
    string TenantName,
    string Plan,
    string Role,
    DateTimeOffset LastSeenAt,
    DateTimeOffset ExpiresAt
)
{
    public Principal ToPrincipal() =>
        new(new TenantId(TenantId), UserId, UserId, SessionId, Role, Email, UserName, TenantName, Plan);
}

/// <summary>The two kinds of sign-in.</summary>
internal static class SessionKind
{
    /// <summary>Carried by the page's cookie.</summary>
    public const string Page = "page";

    /// <summary>Carried by access and refresh tokens.</summary>
    public const string Token = "token";
}
