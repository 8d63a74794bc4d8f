using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger;

/// <summary>What a scope's caps are used up to, from PostgreSQL. Safe for concurrent use.</summary>
internal sealed class BudgetCounts(TenantDatabase database, Doors doors)
{
    // Nobody changes what was spent and what is open meanwhile: the two statements after it are of one moment.
    private const string LockSql =
        "SELECT pg_advisory_xact_lock(hashtextextended('chancery.ledger/' || current_tenant()::text, 0))";

    private const string SpentSql = """
        SELECT b.level, b.subject_id, b.period, sum(d.cost_nano)::bigint AS nano
        FROM (SELECT DISTINCT level, subject_id, period FROM budgets WHERE tenant_id = @tenant) AS b
        JOIN usage_days AS d
          ON d.tenant_id = @tenant AND d.day BETWEEN CASE b.period WHEN 'day' THEN @day ELSE @month END AND @day
          AND (b.level = 'tenant' OR (b.level = 'user' AND d.user_id = b.subject_id)
               OR (b.level = 'key' AND d.key_id = b.subject_id))
        GROUP BY b.level, b.subject_id, b.period
        """;

    private const string AllOfTenantSql = """
        SELECT coalesce(sum(d.cost_nano), 0)::bigint AS nano,
               coalesce(sum(d.input + d.cache_read + d.cache_write + d.cache_write_hour + d.output), 0)::bigint AS tokens
        FROM usage_days AS d WHERE d.tenant_id = @tenant AND d.day BETWEEN @month AND @day
        """;

    private const string OpenSql = """
        SELECT request_id, day, user_id, key_id, amount_nano, amount_tokens
        FROM open_reservations WHERE tenant_id = @tenant ORDER BY request_id
        """;

    // The door's sums hold what is open, too. One statement, so that both are of one moment.
    private const string AllSql = """
        SELECT '00000000-0000-0000-0000-000000000000'::uuid AS request_id, @day AS day,
               '00000000-0000-0000-0000-000000000000'::uuid AS user_id, '00000000-0000-0000-0000-000000000000'::uuid AS key_id,
               0::bigint AS amount_nano, 0::bigint AS amount_tokens, s.month_nano, s.day_nano
        FROM door_installation_spend(@month, @day) AS s
        UNION ALL
        SELECT o.request_id, o.day, o.user_id, o.key_id, o.amount_nano, 0, 0, 0 FROM door_open_reservations() AS o
        """;

    /// <param name="Used">Spent and held by cap; what is missing is nothing.</param>
    /// <param name="Open">What is held, one by one.</param>
    public sealed record Found(
        IReadOnlyDictionary<(string Level, Guid Subject, string Period), long> Used,
        IReadOnlyList<OpenRow> Open
    );

    public sealed record OpenRow
    {
        public required Guid RequestId { get; init; }
        public required DateOnly Day { get; init; }
        public required Guid UserId { get; init; }
        public required Guid KeyId { get; init; }
        public required long AmountNano { get; init; }
        public long AmountTokens { get; init; }
        public long MonthNano { get; init; }
        public long DayNano { get; init; }

        public long AmountOf(Cap cap) => cap.CountsTokens ? AmountTokens : AmountNano;

        /// <summary>Whether it counts against a cap of that day's window.</summary>
        public bool CountsFor(Cap cap, DateOnly day) =>
            cap.IsOf(UserId, KeyId) && BudgetWindow.StartOf(cap.Period, Day) == BudgetWindow.StartOf(cap.Period, day);
    }

    public Task<Found> ReadAsync(BudgetScope scope, DateOnly day, CancellationToken cancellationToken)
    {
        var month = BudgetWindow.StartOf(BudgetWindow.Month, day);
        return scope.Tenant is { } tenant
            ? ReadAsync(tenant, scope.Caps, month, day, cancellationToken)
            : ReadAllAsync(month, day, cancellationToken);
    }

    private async Task<Found> ReadAsync(
        TenantId tenant,
        IReadOnlyList<Cap> caps,
        DateOnly month,
        DateOnly day,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(LockSql, null, cancellationToken);
        var spent = await session.QueryAsync<SpentRow>(
            SpentSql,
            new
            {
                tenant = tenant.Value,
                month,
                day,
            },
            cancellationToken
        );
        var open = await session.QueryAsync<OpenRow>(OpenSql, new { tenant = tenant.Value }, cancellationToken);
        var used = spent.ToDictionary(row => (row.Level, row.SubjectId, row.Period), row => row.Nano);
        if (caps.Any(cap => cap.IsOfPlan))
        {
            var all = await session.FindAsync<AllRow>(
                AllOfTenantSql,
                new
                {
                    tenant = tenant.Value,
                    month,
                    day,
                },
                cancellationToken
            );
            used[(BudgetLevel.Plan, tenant.Value, BudgetWindow.Month)] = all!.Nano;
            used[(BudgetLevel.Quota, tenant.Value, BudgetWindow.Month)] = all.Tokens;
        }

        foreach (var cap in caps)
        {
            var key = (cap.Level, cap.Subject, cap.Period);
            used[key] =
                used.GetValueOrDefault(key) + open.Where(row => row.CountsFor(cap, day)).Sum(row => row.AmountOf(cap));
        }

        return new Found(used, open);
    }

    private async Task<Found> ReadAllAsync(DateOnly month, DateOnly day, CancellationToken cancellationToken)
    {
        var rows = await doors.QueryAsync<OpenRow>(AllSql, new { month, day }, cancellationToken);
        var sums = rows.First(row => row.RequestId == Guid.Empty);
        return new Found(
            new Dictionary<(string, Guid, string), long>
            {
                [(BudgetLevel.Installation, Guid.Empty, BudgetWindow.Month)] = sums.MonthNano,
                [(BudgetLevel.Installation, Guid.Empty, BudgetWindow.Day)] = sums.DayNano,
            },
            [.. rows.Where(row => row.RequestId != Guid.Empty)]
        );
    }

    private sealed record AllRow(long Nano, long Tokens);

    private sealed record SpentRow
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Period { get; init; }
        public required long Nano { get; init; }
    }
}
