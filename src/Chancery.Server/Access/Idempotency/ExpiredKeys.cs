using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Access.Idempotency;

/// <summary>Forgets answers whose keys ended.</summary>
internal sealed class ExpiredKeys(IdempotencyStore store) : ITenantJob
{
    public Task RunAsync(TenantId tenant, CancellationToken cancellationToken) =>
        store.ExpireAsync(tenant, cancellationToken);
}
