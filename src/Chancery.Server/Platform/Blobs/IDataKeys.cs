using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Blobs;

/// <summary>Knows the key by which a tenant's stored files are encrypted. The capability that owns tenants implements it.</summary>
public interface IDataKeys
{
    /// <summary>The key, 32 bytes, shared by all callers: do not change it.</summary>
    /// <exception cref="InvalidOperationException">There is no such tenant.</exception>
    public Task<byte[]> GetAsync(TenantId tenant, CancellationToken cancellationToken);
}
