using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access.Keys;

/// <summary>Whose key a text is, from this process's memory for at most 20 seconds. Safe for concurrent use.</summary>
/// <remarks>
/// A key never outranks its maker: it counts with the lower of its own role and the maker's present one, and not at
/// all once the maker is no longer a member. So removing a person leaves no way in behind.
/// </remarks>
internal sealed class ApiKeyDirectory(ApiKeyStore store, Peppers peppers, TimeProvider time)
{
    /// <summary>Rises when keys are to be computed with another pepper; old rows name theirs.</summary>
    public const int PepperVersion = 1;

    private static readonly TimeSpan UnknownLife = TimeSpan.FromSeconds(10);

    private readonly byte[] _pepper = peppers.Of(Peppers.ApiKeys);
    private readonly ExpiringCache<Digest, Known> _known = new(time, SessionDirectory.Life, capacity: 20_000);
    private readonly ExpiringCache<Digest, bool> _unknown = new(time, UnknownLife, capacity: 20_000);

    private sealed record Known(Principal Principal, DateTimeOffset? ExpiresAt);

    /// <summary>What is stored instead of the key.</summary>
    public byte[] MacOf(string text) => HMACSHA256.HashData(_pepper, Encoding.UTF8.GetBytes(text));

    /// <summary>The key's principal; <c>null</c> for a key that does not count, whatever the reason.</summary>
    public async ValueTask<Principal?> FindAsync(string text, CancellationToken cancellationToken)
    {
        var digest = Digest.Of(text);
        if (!_known.TryGet(digest, out var known))
        {
            if (ApiKeyText.LookupOf(text) is not { } lookup || _unknown.TryGet(digest, out _))
            {
                return null;
            }

            var generation = _known.Generation;
            var row = await store.FindAsync(lookup, cancellationToken);
            if (row is null || !CryptographicOperations.FixedTimeEquals(row.SecretMac, MacOf(text)))
            {
                _unknown.Set(digest, true, _unknown.Generation);
                return null;
            }

            known = new Known(
                new Principal(
                    new TenantId(row.TenantId),
                    row.KeyId,
                    row.CreatedBy,
                    SessionId: null,
                    Role.Lower(row.Role, row.CreatorRole),
                    Email: "",
                    row.Name,
                    row.TenantName,
                    row.Plan
                ),
                row.ExpiresAt
            );
            _known.Set(digest, known, generation);
            await store.TouchAsync(known.Principal, time.GetUtcNow(), cancellationToken);
        }

        return known.ExpiresAt <= time.GetUtcNow() ? null : known.Principal;
    }

    public void Drop(Guid tenantId, Guid keyId) =>
        _known.DropWhere(known => known.Principal.Id == keyId && known.Principal.Tenant.Value == tenantId);

    /// <summary>Unknown ones too: a key of a suspended tenant is one, and counts as soon as the tenant goes on.</summary>
    public void DropOfTenant(Guid tenantId)
    {
        _known.DropWhere(known => known.Principal.Tenant.Value == tenantId);
        _unknown.DropWhere(_ => true);
    }

    public void DropOfUser(Guid tenantId, Guid userId) =>
        _known.DropWhere(known => known.Principal.UserId == userId && known.Principal.Tenant.Value == tenantId);
}
