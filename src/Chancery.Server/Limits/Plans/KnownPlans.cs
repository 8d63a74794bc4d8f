using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Plans;

/// <summary>The plans that are shipped, and those that the operator made. Safe for concurrent use.</summary>
internal sealed class KnownPlans(Doors doors, LimitSettings settings) : IKnownPlans
{
    private const string NamesSql = "SELECT plan FROM plans ORDER BY plan";

    public async Task<bool> IsKnownAsync(string plan, CancellationToken cancellationToken) =>
        Plan.Shipped(settings).Any(shipped => shipped.Name == plan)
        || (await doors.QueryAsync<string>(NamesSql, null, cancellationToken)).Contains(plan);
}
