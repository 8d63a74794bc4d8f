using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;

namespace Chancery.Server.Contracts.Searching;

/// <summary>The clauses of an organisation in this process.</summary>
internal sealed class ClauseIndexRemains(ClauseIndexes indexes) : ITenantRemains
{
    public string Name => "clauses in memory";

    public Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken) =>
        Task.FromResult(new Remains(indexes.Forget(tenant) ? 1 : 0));
}
