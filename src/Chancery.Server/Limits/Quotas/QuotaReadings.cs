using Chancery.Server.Access;
using Chancery.Server.Limits.Status;

namespace Chancery.Server.Limits.Quotas;

/// <summary>What is used of the quotas that count requests.</summary>
internal sealed class QuotaReadings(MonthCounter counter) : ILimitReadings
{
    public static readonly LimitName[] Counted = [LimitNames.UpgradesPerMonth, LimitNames.EmbeddingsPerMonth];

    public async Task<IReadOnlyList<LimitReading>> OfAsync(
        Principal principal,
        TenantLimits limits,
        CancellationToken cancellationToken
    )
    {
        if (!Counted.Any(quota => limits.Of(quota) is not null))
        {
            return [];
        }

        var end = QuotaMonth.EndOf(counter.Month);
        var used = await counter.ReadAsync(principal.Tenant, cancellationToken);
        return
        [
            .. from quota in Counted
            let most = limits.Of(quota)
            where most is not null
            select LimitReading.Of(quota, most.Value, used.GetValueOrDefault(quota.Name), end),
        ];
    }
}
