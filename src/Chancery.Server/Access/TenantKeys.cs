using System.Security.Cryptography;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access;

/// <summary>Each tenant's data key, by which its stored files are encrypted. Safe for concurrent use.</summary>
public sealed class TenantKeys(TenantDatabase database, MasterKey masterKey, TimeProvider time)
    : IDataKeys,
        ITenantRemains
{
    public const int SizeBytes = 32;

    private const string WrappedKeySql = "SELECT wrapped_key FROM tenants WHERE tenant_id = @tenant";

    private readonly ExpiringCache<TenantId, byte[]> _cache = new(time, TimeSpan.FromMinutes(10), capacity: 10_000);

    /// <summary>The unwrapped key, 32 bytes, shared by all callers: do not change it.</summary>
    /// <exception cref="InvalidOperationException">There is no such tenant.</exception>
    /// <exception cref="CryptographicException">The installation runs with another master key.</exception>
    public async Task<byte[]> GetAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (_cache.TryGet(tenant, out var cached))
        {
            return cached;
        }

        var generation = _cache.Generation;
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var wrapped =
            await session.FindAsync<byte[]>(WrappedKeySql, new { tenant = tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {tenant} does not exist.");
        var key = masterKey.Unwrap(wrapped, PurposeOf(tenant));
        _cache.Set(tenant, key, generation);
        return key;
    }

    string ITenantRemains.Name => "data keys in memory";

    Task<Remains> ITenantRemains.EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        _cache.Drop(tenant);
        return Task.FromResult(default(Remains));
    }

    /// <summary>A new key in the form in which <c>tenants.wrapped_key</c> holds it.</summary>
    internal byte[] CreateWrapped(TenantId tenant) => Wrap(RandomNumberGenerator.GetBytes(SizeBytes), tenant);

    /// <summary>A key that was made before the tenant is stored, in that form.</summary>
    internal byte[] Wrap(ReadOnlySpan<byte> key, TenantId tenant) => masterKey.Wrap(key, PurposeOf(tenant));

    internal static string PurposeOf(TenantId tenant) => $"tenant-key/{tenant}";
}
