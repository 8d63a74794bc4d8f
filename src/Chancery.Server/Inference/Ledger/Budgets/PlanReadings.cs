using Chancery.Server.Access;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Status;

namespace Chancery.Server.Inference.Ledger.Budgets;

/// <summary>What is used of the tokens and the money that the plan gives models for a month, with what running calls hold.</summary>
internal sealed class PlanReadings(BudgetBook book, BudgetCounts counts, LedgerClock clock) : ILimitReadings
{
    public async Task<IReadOnlyList<LimitReading>> OfAsync(
        Principal principal,
        TenantLimits limits,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(limits);
        if (limits.Of(LimitNames.TokensPerMonth) is null && limits.Of(LimitNames.CostPerMonth) is null)
        {
            return [];
        }

        var day = DateOnly.FromDateTime(clock.Now.UtcDateTime);
        var end = BudgetWindow.EndOf(BudgetWindow.Month, day);
        var scope = await book.OfAsync(principal.Tenant, cancellationToken);
        var found = await counts.ReadAsync(scope, day, cancellationToken);
        return
        [
            .. from cap in scope.Caps
            where cap.IsOfPlan
            orderby cap.CountsTokens descending
            select LimitReading.Of(
                cap.CountsTokens ? LimitNames.TokensPerMonth : LimitNames.CostPerMonth,
                cap.CapNano,
                found.Used.GetValueOrDefault((cap.Level, cap.Subject, cap.Period)),
                end
            ),
        ];
    }
}
