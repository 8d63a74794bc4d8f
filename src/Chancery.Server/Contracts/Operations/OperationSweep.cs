using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Contracts.Operations;

/// <summary>Lets go of operations, and of what there was of drafts that broke off, a day after their end.</summary>
internal sealed class OperationSweep(TenantDatabase database, TimeProvider time) : ITenantJob
{
    // It reaches every principal's operations of the bound tenant: see 0042_contracts.sql.
    private const string SweepSql = "SELECT sweep_contract_operations(@now)";

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.FindAsync<int>(SweepSql, new { now = time.GetUtcNow() }, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
