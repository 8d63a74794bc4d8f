namespace Chancery.Server.Access.Federation;

/// <summary>Every issuer by its route: the operator's by name, an organisation's by id. Safe for concurrent use.</summary>
internal sealed class IssuerRegistry(OperatorIssuers own, IssuerStore store)
{
    public async Task<ExternalIssuer?> FindAsync(string route, CancellationToken cancellationToken) =>
        own.Find(route)
        ?? (Guid.TryParseExact(route, "D", out var id) ? await store.FindAsync(id, cancellationToken) : null);

    /// <summary>Those whose access tokens the API takes, of an address and for one of these audiences.</summary>
    public async Task<ExternalIssuer?> FindForTokenAsync(
        string address,
        IReadOnlyList<string> audiences,
        CancellationToken cancellationToken
    )
    {
        bool Fits(ExternalIssuer issuer) =>
            issuer.Address == address && issuer.Rules.Audience is { } audience && audiences.Contains(audience);
        return own.All.FirstOrDefault(Fits)
            ?? (await store.NamedAsync(address, cancellationToken)).FirstOrDefault(Fits);
    }

    /// <summary>Whether somebody here trusts an issuer of that address, for whatever.</summary>
    public async Task<bool> IsKnownAsync(string address, CancellationToken cancellationToken) =>
        own.All.Any(issuer => issuer.Address == address)
        || (await store.NamedAsync(address, cancellationToken)).Count > 0;
}
