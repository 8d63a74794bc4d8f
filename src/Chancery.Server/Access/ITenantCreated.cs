using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access;

/// <summary>What a capability puts into each new tenant. Registered as many times as there are capabilities that do.</summary>
public interface ITenantCreated
{
    /// <summary>Runs inside the transaction that makes the tenant: a fault undoes the whole sign-up.</summary>
    /// <param name="session">Bound to the new tenant and its owner; do not commit it.</param>
    /// <param name="owner">Who signed up.</param>
    public Task CreatedAsync(TenantSession session, Principal owner, CancellationToken cancellationToken);
}
