namespace Chancery.Server.Access.Federation;

/// <summary>Every issuer by its route: the operator's by name, an organisation's by id. Safe for concurrent use.</summary>
internal sealed class IssuerRegistry(OperatorIssuers own, IssuerStore store)
{
    public async Task<ExternalIssuer?> FindAsync(string route, CancellationToken cancellationToken) =>
        own.Find(route)
        ?? (Guid.TryParseExact(route, "D", out var id) ? await store.FindAsync(id, cancellationToken) : null);

    /// <summary>Those of an address, the operator's first: some say the same of themselves to several organisations.</summary>
    public async Task<IReadOnlyList<ExternalIssuer>> NamedAsync(string address, CancellationToken cancellationToken) =>
        [.. own.All.Where(issuer => issuer.Address == address), .. await store.NamedAsync(address, cancellationToken)];
}
