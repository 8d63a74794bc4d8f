using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access.Keys;

/// <summary>Whose key a text is, from this process's memory for at most 20 seconds. Safe for concurrent use.</summary>
/// <remarks>
/// A key never outranks its maker, or its service account: it counts with the lower of its own role and that one's present one,
/// and not at all once the maker is no longer a member, or the account is disabled. So removing a person leaves no way in
/// behind. Whoever is refused is told the same, whatever the reason; the log says which.
/// </remarks>
internal sealed class ApiKeyDirectory(
    ApiKeyStore store,
    Peppers peppers,
    TimeProvider time,
    ILogger<ApiKeyDirectory> logger
)
{
    /// <summary>Rises when keys are to be computed with another pepper; old rows name theirs.</summary>
    public const int PepperVersion = 1;

    private static readonly TimeSpan UnknownLife = TimeSpan.FromSeconds(10);

    private readonly byte[] _pepper = peppers.Of(Peppers.ApiKeys);
    private readonly ExpiringCache<Digest, Known> _known = new(time, SessionDirectory.Life, capacity: 20_000);
    private readonly ExpiringCache<Digest, AuditActor?> _unknown = new(time, UnknownLife, capacity: 20_000);

    private sealed record Known(
        Principal Principal,
        DateTimeOffset? ExpiresAt,
        string[]? IpRanges,
        int? RequestsPerMinute
    );

    /// <summary>What is stored instead of the key.</summary>
    public byte[] MacOf(string text) => HMACSHA256.HashData(_pepper, Encoding.UTF8.GetBytes(text));

    /// <summary>The key's principal; <c>null</c> for a key that does not count, whatever the reason.</summary>
    /// <remarks>For an answer that goes on: where it is asked from was looked at when it began.</remarks>
    public async ValueTask<Principal?> FindAsync(string text, CancellationToken cancellationToken) =>
        await KnownAsync(text, cancellationToken) is { } known && !IsOver(known) ? known.Principal : null;

    /// <summary>The same for a request from an address, with what the key may do in a minute.</summary>
    public async ValueTask<(Principal Principal, int? RequestsPerMinute)?> FindAsync(
        string text,
        IPAddress? from,
        CancellationToken cancellationToken
    )
    {
        if (await KnownAsync(text, cancellationToken) is not { } known || IsOver(known))
        {
            return null;
        }

        if (known.IpRanges is { } ranges && !IpRanges.Hold(ranges, from))
        {
            Log.KeyRefused(logger, known.Principal.Id, "used from an address that it is not for");
            return null;
        }

        return (known.Principal, known.RequestsPerMinute);
    }

    /// <summary>
    /// Whose key it is that was refused just now, and why; null where it never was one. From memory, for the record of refusals: the
    /// caller is told nothing of it.
    /// </summary>
    public AuditActor? WhyNot(string text)
    {
        var digest = Digest.Of(text);
        return _known.TryGet(digest, out var known)
                ? PrincipalActor.Of(known.Principal, CredentialWord.Key) with
                {
                    RefusedBecause = known.ExpiresAt <= time.GetUtcNow() ? "key-expired" : "key-address",
                }
            : _unknown.TryGet(digest, out var whose) ? whose
            : null;
    }

    private static AuditActor ActorOf(ApiKeyStore.FoundRow row, string why) =>
        new(row.TenantId, ActorKind.Key, row.KeyId, row.UserId, CredentialWord.Key, row.KeyId.ToString(), row.Name, "")
        {
            RefusedBecause = why,
        };

    private bool IsOver(Known known)
    {
        if (known.ExpiresAt <= time.GetUtcNow())
        {
            Log.KeyRefused(logger, known.Principal.Id, "expired");
            return true;
        }

        return false;
    }

    private async ValueTask<Known?> KnownAsync(string text, CancellationToken cancellationToken)
    {
        var digest = Digest.Of(text);
        if (_known.TryGet(digest, out var known))
        {
            return known;
        }

        if (ApiKeyText.LookupOf(text) is not { } lookup || _unknown.TryGet(digest, out _))
        {
            return null;
        }

        var generation = _known.Generation;
        var row = await store.FindAsync(lookup, cancellationToken);
        var isIt = row is not null && CryptographicOperations.FixedTimeEquals(row.SecretMac, MacOf(text));
        if (!isIt || row is not { RevokedAt: null, OwnerRole: { } ownerRole })
        {
            if (isIt)
            {
                Log.KeyRefused(logger, row!.KeyId, row.RevokedAt is null ? "its owner is gone" : "revoked");
            }

            var whose = isIt ? ActorOf(row!, row!.RevokedAt is null ? "key-owner-gone" : "key-revoked") : null;
            _unknown.Set(digest, whose, _unknown.Generation);
            return null;
        }

        known = new Known(
            new Principal(
                new TenantId(row.TenantId),
                row.KeyId,
                row.UserId,
                SessionId: null,
                Role.Lower(row.Role, ownerRole),
                Email: "",
                row.Name,
                row.TenantName,
                row.Plan
            )
            {
                Scopes = row.Scopes?.ToHashSet(StringComparer.Ordinal),
            },
            row.ExpiresAt,
            row.IpRanges,
            row.RequestsPerMinute
        );
        _known.Set(digest, known, generation);
        await store.TouchAsync(known.Principal, time.GetUtcNow(), cancellationToken);
        return known;
    }

    public void Drop(Guid tenantId, Guid keyId) =>
        DropWhere(known => known.Principal.Id == keyId && known.Principal.Tenant.Value == tenantId);

    /// <summary>Unknown ones too: a key of a suspended tenant is one, and counts as soon as the tenant goes on.</summary>
    public void DropOfTenant(Guid tenantId)
    {
        _known.DropWhere(known => known.Principal.Tenant.Value == tenantId);
        _unknown.DropWhere(_ => true);
    }

    public void DropOfUser(Guid tenantId, Guid userId) =>
        DropWhere(known => known.Principal.UserId == userId && known.Principal.Tenant.Value == tenantId);

    private void DropWhere(Func<Known, bool> condition)
    {
        _known.DropWhere(condition);
        // What was refused may count again: which keys those are is not known.
        _unknown.DropWhere(static _ => true);
    }
}
