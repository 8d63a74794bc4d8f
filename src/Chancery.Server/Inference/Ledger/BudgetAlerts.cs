using System.Collections.Concurrent;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Writes down, once for each window, that half, four fifths and all of a cap are used.</summary>
internal sealed class BudgetAlerts(
    TenantDatabase database,
    BudgetBook book,
    BudgetCounts counts,
    LimitAlerts alerts,
    WorkQueue queue,
    LedgerClock clock
)
{
    private static readonly int[] Percents = [50, 80, 100];

    /// <summary>Half of a cap is written down, and nobody is woken for it.</summary>
    private const int TellFrom = 80;

    private const string InsertSql = """
        INSERT INTO budget_alerts (tenant_id, level, subject_id, period, window_start, percent, cap_nano, used_nano, at)
        SELECT @tenant, a.level, a.subject_id, a.period, a.window_start, a.percent, a.cap_nano, a.used_nano, @now
        FROM unnest(@levels, @subjects, @periods, @starts, @percents, @caps, @used)
          AS a(level, subject_id, period, window_start, percent, cap_nano, used_nano)
        ON CONFLICT DO NOTHING
        RETURNING level, subject_id, period, window_start, percent, cap_nano, used_nano
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
        foreach (var cap in scope.Caps.Where(cap => cap.IsOfPlan))
        {
            await alerts.UsedAsync(
                scope.Tenant!.Value,
                cap.CountsTokens ? LimitNames.TokensPerMonth : LimitNames.CostPerMonth,
                BudgetWindow.StartOf(BudgetWindow.Month, day),
                cap.CapNano,
                found.Used.GetValueOrDefault((cap.Level, cap.Subject, cap.Period)),
                cancellationToken
            );
        }

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
        var fresh = await session.QueryAsync<FreshRow>(
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
        // Of a cap that was crossed in one leap the last is told.
        foreach (var one in fresh.GroupBy(row => (row.Level, row.SubjectId, row.Period)))
        {
            var last = one.MaxBy(row => row.Percent)!;
            if (last.Percent >= TellFrom)
            {
                await alerts.EnqueueAsync(session, last.ToAlert(tenant, now), cancellationToken);
            }
        }

        await session.CommitAsync(cancellationToken);
        if (fresh.Count > 0)
        {
            await queue.WakeAsync();
        }
    }

    private sealed record FreshRow
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Period { get; init; }
        public required DateOnly WindowStart { get; init; }
        public required int Percent { get; init; }
        public required long CapNano { get; init; }
        public required long UsedNano { get; init; }

        public LimitAlert ToAlert(TenantId tenant, DateTimeOffset now) =>
            new(
                LimitAlert.TypeOf(Percent),
                tenant.Value,
                "budget",
                Level,
                SubjectId,
                Period,
                WindowStart,
                Percent,
                CapNano,
                UsedNano,
                BudgetWindow.EndOf(Period, WindowStart),
                now
            );
    }
}
