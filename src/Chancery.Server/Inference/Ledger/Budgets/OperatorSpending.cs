using Chancery.Server.Access.Operators;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger.Budgets;

/// <summary>The month of each organisation, for the operator's list. Safe for concurrent use.</summary>
internal sealed class OperatorSpending(Doors doors, TimeProvider time) : ITenantSpending
{
    private const string Sql = "SELECT * FROM door_tenant_spend(@tenants, @month, @today)";

    private sealed record Row(Guid TenantId, long MonthNano, long? CapNano);

    public async Task<IReadOnlyDictionary<Guid, TenantSpending>> OfAsync(
        IReadOnlyList<Guid> tenants,
        CancellationToken cancellationToken
    )
    {
        if (tenants.Count == 0)
        {
            return new Dictionary<Guid, TenantSpending>();
        }

        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var rows = await doors.QueryAsync<Row>(
            Sql,
            new
            {
                tenants = tenants.ToArray(),
                month = new DateOnly(today.Year, today.Month, 1),
                today,
            },
            cancellationToken
        );
        return rows.ToDictionary(
            row => row.TenantId,
            row => new TenantSpending(
                new NanoDollars(row.MonthNano).Dollars,
                row.CapNano is { } cap ? new NanoDollars(cap).Dollars : null
            )
        );
    }
}
