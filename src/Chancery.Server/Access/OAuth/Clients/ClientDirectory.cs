using System.Collections.Frozen;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>Which client an id is, from this process's memory for at most 20 seconds. Safe for concurrent use.</summary>
internal sealed class ClientDirectory(
    ClientStore store,
    ClientDocuments documents,
    Registrations registrations,
    TimeProvider time
)
{
    private static readonly TimeSpan UnknownLife = TimeSpan.FromSeconds(10);

    private readonly ExpiringCache<Guid, OAuthClient> _clients = new(time, SessionDirectory.Life, capacity: 10_000);
    private readonly ExpiringCache<Guid, bool> _unknown = new(time, UnknownLife, capacity: 10_000);
    private readonly ExpiringCache<Guid, (Guid Id, bool IsRevoked)> _tokens = new(
        time,
        SessionDirectory.Life,
        capacity: 20_000
    );

    /// <summary>The client; <c>null</c> for one that does not count, whatever the reason.</summary>
    public async ValueTask<OAuthClient?> FindAsync(string id, CancellationToken cancellationToken) =>
        BuiltInClients.Find(id) is { } ours ? ours
        : id.StartsWith(Registrations.Prefix, StringComparison.Ordinal)
            ? await registrations.FindAsync(id, cancellationToken)
        : documents.IsName(id) ? ClientDocuments.Unread(id)
        : Guid.TryParseExact(id, "D", out var own) && id == own.ToString() ? await OwnAsync(own, cancellationToken)
        : null;

    /// <summary>
    /// The client with all that it says of itself, fetched from its address when that is its name: for people who are
    /// signed in, never for anybody who calls.
    /// </summary>
    public async ValueTask<OAuthClient?> ReadAsync(string id, CancellationToken cancellationToken) =>
        documents.IsName(id)
            ? await documents.ReadAsync(id, cancellationToken)
            : await FindAsync(id, cancellationToken);

    /// <summary>Whom a token is that a client got as itself; <c>null</c> when client or token no longer count.</summary>
    public async ValueTask<Principal?> FindItselfAsync(AccessToken token, CancellationToken cancellationToken)
    {
        if (
            token is not { ClientId: { } id, SessionId: null }
            || await FindAsync(id, cancellationToken) is not { Itself: { } itself } client
            || !client.May(Grant.Client)
            || itself.Tenant.Value != token.TenantId
            || itself.Id != token.Subject
        )
        {
            return null;
        }

        if (!_tokens.TryGet(token.TokenId, out var known))
        {
            var generation = _tokens.Generation;
            known = (token.TokenId, await store.IsRevokedAsync(itself.Tenant, token.TokenId, cancellationToken));
            _tokens.Set(token.TokenId, known, generation);
        }

        return known.IsRevoked
            ? null
            : itself with
            {
                Scopes = client
                    .Scopes.Where(scope => token.Scopes?.Contains(scope) == true)
                    .ToFrozenSet(StringComparer.Ordinal),
            };
    }

    public void Drop(Guid client) => _clients.Drop(client);

    public void DropToken(Guid token) => _tokens.Drop(token);

    /// <summary>The person's role changed, and with it that of the clients they made.</summary>
    public void DropOfUser(Guid tenantId, Guid userId) =>
        _clients.DropWhere(client =>
            client.Itself is { } itself && itself.Tenant.Value == tenantId && itself.UserId == userId
        );

    private async ValueTask<OAuthClient?> OwnAsync(Guid id, CancellationToken cancellationToken)
    {
        if (_clients.TryGet(id, out var known))
        {
            return known;
        }

        if (_unknown.TryGet(id, out _))
        {
            return null;
        }

        var generation = _clients.Generation;
        if (await store.FindAsync(id, cancellationToken) is not { } row)
        {
            _unknown.Set(id, true, _unknown.Generation);
            return null;
        }

        var client = ClientOf(row);
        _clients.Set(id, client, generation);
        return client;
    }

    private static OAuthClient ClientOf(ClientStore.FoundRow row) =>
        new(
            row.ClientId.ToString(),
            ClientSource.Organization,
            new TenantId(row.TenantId),
            row.Name,
            row.SecretMac,
            row.RedirectUris,
            row.Grants,
            row.Scopes
        )
        {
            OldSecret = row is { OldSecretMac: { } mac, OldSecretUntil: { } until } ? (mac, until) : null,
            Certificate = row is { CertificateKind: { } kind, CertificateName: { } name }
                ? new CertificateName(kind, name)
                : null,
            Itself = row is { Role: { } role, CreatorRole: { } creator }
                ? new Principal(
                    new TenantId(row.TenantId),
                    row.ClientId,
                    row.CreatedBy,
                    SessionId: null,
                    Role.Lower(role, creator),
                    Email: "",
                    row.Name,
                    row.TenantName,
                    row.Plan
                )
                {
                    ClientId = row.ClientId.ToString(),
                }
                : null,
        };
}
