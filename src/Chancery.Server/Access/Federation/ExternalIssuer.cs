using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Federation;

/// <summary>An OpenID Connect issuer that says who people are: the operator's, or one organisation's own.</summary>
/// <param name="Key">What its subjects are known under: its address for the operator's, its id for an organisation's.</param>
/// <param name="Owner">The organisation that trusts it, for itself alone; null for the operator's.</param>
/// <param name="Route">Its name in <c>/login/with/{name}</c>.</param>
/// <param name="Label">What people read on the button.</param>
/// <param name="Address">As its tokens name it in <c>iss</c>, to the letter.</param>
/// <param name="Algorithm">The one that its tokens are signed with; every other is refused.</param>
internal sealed record ExternalIssuer(
    string Key,
    TenantId? Owner,
    string Route,
    string Label,
    string Address,
    string ClientId,
    string? ClientSecret,
    string Algorithm,
    string Scopes,
    IssuerRules Rules
)
{
    /// <summary>Where it says what it is and can (OpenID Connect Discovery, 4).</summary>
    public string DiscoveryAddress => Address.TrimEnd('/') + "/.well-known/openid-configuration";
}

/// <summary>What an issuer's word is good for.</summary>
public sealed record IssuerRules
{
    /// <summary>Whether people whom nobody here knows become members when they sign in.</summary>
    public bool Joins { get; init; }

    /// <summary>Whether its e-mail addresses count as verified though it does not say so.</summary>
    public bool TrustsEmail { get; init; }

    /// <summary>Only people with a verified e-mail address of these domains become members; all of its people when empty.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>The claim that roles are read from, such as <c>groups</c> or <c>realm_access.roles</c>; null for none.</summary>
    public string? RoleClaim { get; init; }

    /// <summary>Which value of the claim stands for which role; the strongest that is found counts.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } = new Dictionary<string, string>();

    /// <summary>For people without a value that stands for a role.</summary>
    public string DefaultRole { get; init; } = Role.Viewer;

    /// <summary>The audience of its access tokens that the API takes; null for none of them.</summary>
    public string? Audience { get; init; }

    /// <summary>The type that the header of those tokens must name: <c>at+jwt</c> or <c>JWT</c>.</summary>
    public string TokenType { get; init; } = Tokens.AccessTokens.Type;

    /// <summary>The operator's only: the organisation of people for whom no claim names another.</summary>
    internal Guid? Tenant { get; init; }

    /// <summary>The operator's only: the claim that names somebody's organisation.</summary>
    internal string? TenantClaim { get; init; }

    /// <summary>The operator's only: which value of that claim stands for which organisation.</summary>
    internal IReadOnlyDictionary<string, Guid> Tenants { get; init; } = new Dictionary<string, Guid>();

    /// <summary>The role that the claims give; null where they give none and roles are not read from claims.</summary>
    internal string? RoleOf(ForeignClaims claims) =>
        RoleClaim is null
            ? null
            : claims
                .Words(RoleClaim)
                .Select(value => Roles.GetValueOrDefault(value))
                .OfType<string>()
                .Aggregate(DefaultRole, (best, role) => Role.IsAtMost(role, best) ? best : role);

    /// <summary>Whether the rules let somebody with this verified address become a member.</summary>
    internal bool Admits(string email) =>
        Joins
        && (
            Domains.Count == 0
            || Domains.Contains(
                email[(email.IndexOf('@', StringComparison.Ordinal) + 1)..],
                StringComparer.OrdinalIgnoreCase
            )
        );

    /// <summary>Of an issuer of the operator's: the organisation that the claims name.</summary>
    internal Guid? TenantOf(ForeignClaims claims) =>
        TenantClaim is not null && claims.Words(TenantClaim).FirstOrDefault(Tenants.ContainsKey) is { } value
            ? Tenants[value]
            : Tenant;
}
