using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Writes down, once for each window, that half, four fifths and all of a cap are used.</summary>
internal sealed class BudgetAlerts(TenantDatabase database, BudgetBook book, BudgetCounts counts, LedgerClock clock)
{
    private static readonly int[] Percents = [50, 80, 100];

    private const string InsertSql = """
        INSERT INTO budget_alerts (tenant_id, level, subject_id, period, window_start, percent, cap_nano, used_nano, at)
        SELECT @tenant, a.level, a.subject_id, a.period, a.window_start, a.percent, a.cap_nano, a.used_nano, @now
        FROM unnest(@levels, @subjects, @periods, @starts, @percents, @caps, @used)
          AS a(level, subject_id, period, window_start, percent, cap_nano, used_nano)
        ON CONFLICT DO NOTHING
        """;

    private readonly ConcurrentDictionary<Guid, bool> _toCheck = new();

    /// <summary>Something of the tenant's was booked.</summary>
    public void Booked(TenantId tenant) => _toCheck[tenant.Value] = true;

    /// <summary>Looks at the tenants for which something was booked since the last time.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var tenant in _toCheck.Keys)
        {
            _toCheck.TryRemove(tenant, out _);
            var scope = await book.OfAsync(new TenantId(tenant), cancellationToken);
            if (!scope.IsEmpty)
            {
                await CheckAsync(scope, cancellationToken);
            }
        }
    }

    private async Task CheckAsync(BudgetScope scope, CancellationToken cancellationToken)
    {
        var now = clock.Now;
        var day = DateOnly.FromDateTime(now.UtcDateTime);
        var found = await counts.ReadAsync(scope, day, cancellationToken);
        var reached = (
            from cap in scope.Caps
            // A plan's are told of with its other quotas.
            where !cap.IsOfPlan
            let used = found.Used.GetValueOrDefault((cap.Level, cap.Subject, cap.Period))
            from percent in Percents
            where cap.CapNano > 0 && (Int128)used * 100 >= (Int128)cap.CapNano * percent
            select (cap, used, percent)
        ).ToList();
        if (reached.Count == 0)
        {
            return;
        }

        var tenant = scope.Tenant!.Value;
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                now,
                levels = reached.Select(one => one.cap.Level).ToArray(),
                subjects = reached.Select(one => one.cap.Subject).ToArray(),
                periods = reached.Select(one => one.cap.Period).ToArray(),
                starts = reached.Select(one => BudgetWindow.StartOf(one.cap.Period, day)).ToArray(),
                percents = reached.Select(one => one.percent).ToArray(),
                caps = reached.Select(one => one.cap.CapNano).ToArray(),
                used = reached.Select(one => one.used).ToArray(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
