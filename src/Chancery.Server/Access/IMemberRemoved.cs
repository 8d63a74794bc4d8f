using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access;

/// <summary>What a capability erases of a person who leaves a tenant. Registered as many times as there are capabilities that do.</summary>
public interface IMemberRemoved
{
    /// <summary>Runs inside the transaction that ends the membership: a fault leaves it as it was.</summary>
    /// <param name="session">Bound to the tenant; do not commit it.</param>
    public Task RemovedAsync(TenantSession session, Guid userId, CancellationToken cancellationToken);
}
