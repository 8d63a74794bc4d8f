using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access;

/// <summary>
/// Of a capability that has things which not everybody may read: what it does when a group has other members, or somebody left, and
/// how it tells that who may read what has changed.
/// </summary>
public interface IReadersChanged
{
    /// <summary>The last thing in the transaction that changes it; a fault undoes the change.</summary>
    /// <param name="session">Bound to the tenant; do not commit it.</param>
    public Task ChangedAsync(TenantSession session, CancellationToken cancellationToken);

    /// <summary>A number that is another one once anybody may read anything else than before, for whatever reason.</summary>
    public Task<long> StandAsync(TenantSession session, CancellationToken cancellationToken);
}
