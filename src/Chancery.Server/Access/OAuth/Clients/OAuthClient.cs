using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>Who says what a client is.</summary>
internal enum ClientSource
{
    /// <summary>An admin of an organisation registered it, for that organisation.</summary>
    Organization,

    /// <summary>It is part of Chancery.</summary>
    BuiltIn,

    /// <summary>It says so itself, at an address that is its name.</summary>
    Document,

    /// <summary>It registered itself.</summary>
    Registered,
}

/// <summary>A program that may ask for tokens.</summary>
/// <param name="Tenant">Whose it is; null for those that every organisation's people may use.</param>
/// <param name="SecretMac">Null for a public client, and for one with a certificate.</param>
internal sealed record OAuthClient(
    string Id,
    ClientSource Source,
    TenantId? Tenant,
    string Name,
    byte[]? SecretMac,
    IReadOnlyList<string> RedirectUris,
    IReadOnlyList<string> Grants,
    IReadOnlyList<string> Scopes
)
{
    /// <summary>The secret before the last rotation, and until when it counts.</summary>
    public (byte[] Mac, DateTimeOffset Until)? OldSecret { get; init; }

    /// <summary>Whom it is when it signs in as itself; null when it may not.</summary>
    public Principal? Itself { get; init; }

    /// <summary>The name on the certificate that it shows instead of a secret; null for a client that shows none.</summary>
    public CertificateName? Certificate { get; init; }

    public bool IsConfidential => SecretMac is not null || Certificate is not null;

    public bool May(string grant) => Grants.Contains(grant);

    /// <summary>The registered address that <paramref name="given"/> is the same as; the only one when none is given.</summary>
    public string? Resolve(string? given) =>
        given is null
            ? RedirectUris is [var only]
                ? only
                : null
            : RedirectUris.Any(registered => RedirectUri.IsSame(registered, given))
                ? given
                : null;
}
