using System.Collections.Frozen;
using Chancery.Server.Platform.Database;
using Dapper;

namespace Chancery.Server.Access.Sessions;

/// <summary>A session that counts, with what its person may do right now. As <c>door_session</c> answers it.</summary>
// An array has no type of its own when the row is read, so it is set and not given to a constructor.
[method: ExplicitConstructor]
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
    DateTimeOffset ExpiresAt,
    string? ClientId,
    string[]? Scopes,
    string? Audience,
    string[] Methods,
    DateTimeOffset AuthenticatedAt,
    DateTimeOffset? SecondFactorFrom,
    bool Confined,
    string? Issuer
)
{
    public Principal ToPrincipal() =>
        new(new TenantId(TenantId), UserId, UserId, SessionId, Role, Email, UserName, TenantName, Plan)
        {
            ClientId = ClientId,
            Methods = Methods,
            AuthenticatedAt = AuthenticatedAt,
            SecondFactorFrom = SecondFactorFrom,
            IsConfined = Confined,
            Issuer = Issuer,
            // A program's sign-in without scopes may nothing, rather than everything.
            Scopes = ClientId is null ? null : (Scopes ?? []).ToFrozenSet(StringComparer.Ordinal),
        };
}

/// <summary>The two kinds of sign-in.</summary>
internal static class SessionKind
{
    /// <summary>Carried by the page's cookie.</summary>
    public const string Page = "page";

    /// <summary>Carried by access and refresh tokens.</summary>
    public const string Token = "token";
}
