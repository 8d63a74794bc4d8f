using Chancery.Server.Access;
using Chancery.Server.Limits.Status;

namespace Chancery.Server.Limits.Leases;

/// <summary>What runs at this moment.</summary>
internal sealed class LeaseReadings(LeaseBook leases) : ILimitReadings
{
    private static readonly LimitName[] Counted = [LimitNames.StreamsAtOnce, LimitNames.IngestionsAtOnce];

    public async Task<IReadOnlyList<LimitReading>> OfAsync(
        Principal principal,
        TenantLimits limits,
        CancellationToken cancellationToken
    )
    {
        var readings = new List<LimitReading>(Counted.Length);
        foreach (var limit in Counted)
        {
            if (limits.Of(limit) is { } most)
            {
                readings.Add(LimitReading.Of(limit, most, await leases.CountAsync(principal.Tenant, limit)));
            }
        }

        return readings;
    }
}
