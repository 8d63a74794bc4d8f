using Chancery.Server.Access;
using Chancery.Server.Inference.Ledger.Usage;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Inference.Ledger.Budgets;

/// <summary>A cap, and what it is used up to.</summary>
/// <param name="SubjectId">The organisation, a person, or a key or OAuth client.</param>
/// <param name="SetBy">A cap of the operator's is hard: the organisation can only set a lower one beside it.</param>
/// <param name="UsedUsd">Spent in this period, and held for calls that run.</param>
/// <param name="ResetsAt">When the next period begins.</param>
public sealed record BudgetView(
    [property: OneOf("BudgetLevel", "tenant", "user", "key")] string Level,
    Guid SubjectId,
    [property: OneOf("BudgetPeriod", "month", "day")] string Period,
    [property: OneOf("BudgetSetter", "operator", "tenant")] string SetBy,
    decimal CapUsd,
    long CapNano,
    decimal UsedUsd,
    long UsedNano,
    DateTimeOffset ResetsAt
);

/// <summary>A share of a cap that was reached.</summary>
/// <param name="WindowStart">Of which month or day.</param>
/// <param name="Percent">50, 80 or 100.</param>
public sealed record BudgetAlert(
    [property: OneOf("BudgetLevel", "tenant", "user", "key")] string Level,
    Guid SubjectId,
    [property: OneOf("BudgetPeriod", "month", "day")] string Period,
    DateOnly WindowStart,
    int Percent,
    decimal CapUsd,
    decimal UsedUsd,
    DateTimeOffset At
)
{
    internal static BudgetAlert Of(UsageStore.AlertRow row) =>
        new(
            row.Level,
            row.SubjectId,
            row.Period,
            row.WindowStart,
            row.Percent,
            UsageSums.DollarsOf(row.CapNano),
            UsageSums.DollarsOf(row.UsedNano),
            row.At
        );
}

/// <summary>The caps that somebody may see: owners and admins all, others those on themselves.</summary>
internal sealed class BudgetViews(BudgetStore store, BudgetBook book, BudgetCounts counts, LedgerClock clock)
{
    public async Task<IReadOnlyList<BudgetView>> OfAsync(Principal principal, CancellationToken cancellationToken)
    {
        var rows = await store.ListAsync(principal.Tenant, cancellationToken);
        if (!principal.May(Permission.OrganizationManage))
        {
            rows = [.. rows.Where(row => row.SubjectId == principal.UserId || row.SubjectId == principal.Id)];
        }

        if (rows.Count == 0)
        {
            return [];
        }

        var day = DateOnly.FromDateTime(clock.Now.UtcDateTime);
        var scope = await book.ReadAsync(principal.Tenant, cancellationToken);
        var found = await counts.ReadAsync(scope, day, cancellationToken);
        return
        [
            .. rows.Select(row =>
            {
                var used = found.Used.GetValueOrDefault((row.Level, row.SubjectId, row.Period));
                return new BudgetView(
                    row.Level,
                    row.SubjectId,
                    row.Period,
                    row.SetBy,
                    UsageSums.DollarsOf(row.CapNano),
                    row.CapNano,
                    UsageSums.DollarsOf(used),
                    used,
                    BudgetWindow.EndOf(row.Period, day)
                );
            }),
        ];
    }
}
