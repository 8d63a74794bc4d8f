using System.Reflection;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access;

/// <summary>Who calls, as their verified credential says. An endpoint that takes one as a parameter gets it from there.</summary>
/// <param name="Tenant">The one tenant that this call may touch.</param>
/// <param name="Id">The user, or the API key: what conversations and limits belong to.</param>
/// <param name="UserId">The person behind it: the user, or whoever made the key.</param>
/// <param name="SessionId">The sign-in, when there is one; keys have none.</param>
/// <param name="Role">owner, admin, editor or viewer.</param>
/// <param name="Email">Empty for a key.</param>
public sealed record Principal(
    TenantId Tenant,
    Guid Id,
    Guid UserId,
    Guid? SessionId,
    string Role,
    string Email,
    string Name,
    string TenantName,
    string Plan
)
{
    /// <summary>The OAuth client that acts, for the person or as itself; null for a person's own sign-in, and for an API key.</summary>
    public string? ClientId { get; init; }

    /// <summary>What the credential is limited to, whatever the role; null for no limit.</summary>
    public IReadOnlySet<string>? Scopes { get; init; }

    /// <summary>How the person proved who they are, in the words of RFC 8176; empty for a key, and for a client as itself.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>When they proved it last; null for a key, and for a client as itself.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>From when on this sign-in may do nothing without a second factor, as the organisation says; null for never.</summary>
    public DateTimeOffset? SecondFactorFrom { get; init; }

    /// <summary>
    /// Whether the sign-in counts in this organisation only: its own issuer says who the person is, whom it does not speak for
    /// elsewhere. What belongs to the person rather than to the organisation is not changed by such a one.
    /// </summary>
    public bool IsConfined { get; init; }

    /// <summary>The issuer that signed the person in, as <c>/login/with/{issuer}</c> names it; null for a sign-in of this server's.</summary>
    public string? Issuer { get; init; }

    /// <summary>Whether an external issuer's access token calls: there is no session, and the token is asked again.</summary>
    public bool IsExternal { get; init; }

    /// <summary>The access by which an operator reads; null for everybody of the organisation.</summary>
    public BreakGlassAccess? BreakGlass { get; init; }

    /// <summary>The organisation that it is confined to; null for all of the person's.</summary>
    public TenantId? Confinement => IsConfined ? Tenant : null;

    public bool IsKey => SessionId is null;

    /// <summary>Which documents it reads: owners, admins and operators by break-glass all of them, others what is open or names them or a group of theirs.</summary>
    public Reader Reader =>
        BreakGlass is not null || Role is Access.Role.Owner or Access.Role.Admin
            ? Reader.Everything
            : Reader.As(UserId, Id);

    /// <summary>Whether a person's own sign-in calls: no key, and no program on their behalf.</summary>
    public bool IsPerson => SessionId is not null && ClientId is null;

    /// <summary>What the role holds and the scopes leave.</summary>
    public IEnumerable<string> Permissions => Permission.Of(Role).Where(May);

    /// <summary>
    /// Whether the role holds <paramref name="permission"/>, one of <see cref="Permission"/>, and no scope takes it away.
    /// </summary>
    public bool May(string permission) =>
        Permission.Of(Role).Contains(permission) && Scopes?.Contains(permission) != false;

    /// <summary>Filled by the authentication handler; routes that declare a permission never run without one.</summary>
    public static ValueTask<Principal?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult(context.Features.Get<Principal>());
}

/// <summary>Sessions of whoever calls.</summary>
public static class PrincipalSessions
{
    /// <summary>Bound to the principal's tenant, their private rows and the documents that they may read.</summary>
    public static Task<TenantSession> OpenAsync(
        this TenantDatabase database,
        Principal principal,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(principal);
        return database.OpenAsync(principal.Tenant, principal.Id, principal.Reader, cancellationToken);
    }
}
