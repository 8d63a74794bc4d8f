using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger.Usage;

/// <summary>Whose usage, and which part of it. Null for all of a thing.</summary>
internal sealed record UsageFilter(
    DateOnly From,
    DateOnly To,
    Guid? UserId,
    Guid? KeyId,
    string? Component,
    string? Model
);

/// <summary>Reads what was used. Safe for concurrent use.</summary>
internal sealed class UsageStore(TenantDatabase database)
{
    private const string ColumnsSql = """
        sum(d.requests)::bigint AS requests, sum(d.attempts)::bigint AS attempts, sum(d.failed)::bigint AS failed,
        sum(d.cache_hits)::bigint AS cache_hits, sum(d.estimated)::bigint AS estimated, sum(d.input)::bigint AS input,
        sum(d.cache_read)::bigint AS cache_read, sum(d.cache_write)::bigint AS cache_write,
        sum(d.cache_write_hour)::bigint AS cache_write_hour, sum(d.output)::bigint AS output,
        sum(d.reasoning)::bigint AS reasoning, sum(d.cost_nano)::bigint AS cost_nano,
        sum(d.estimated_nano)::bigint AS estimated_nano, sum(d.unbilled_nano)::bigint AS unbilled_nano,
        sum(d.latency_ms)::bigint AS latency_ms
        """;

    private const string WhereSql = """
        FROM usage_days AS d
        WHERE d.tenant_id = @tenant AND d.day BETWEEN @from AND @to
          AND (@userId::uuid IS NULL OR d.user_id = @userId) AND (@keyId::uuid IS NULL OR d.key_id = @keyId)
          AND (@component::text IS NULL OR d.component = @component) AND (@model::text IS NULL OR d.model = @model)
        """;

    private const string TotalSql = $"SELECT {ColumnsSql} {WhereSql} HAVING count(*) > 0";

    // Days in order, all else by what it cost.
    private const string GroupsSql = $"""
        SELECT CASE @by
                 WHEN 'day' THEN to_char(d.day, 'YYYY-MM-DD') WHEN 'month' THEN to_char(d.day, 'YYYY-MM')
                 WHEN 'component' THEN d.component WHEN 'operation' THEN d.operation WHEN 'provider' THEN d.provider
                 WHEN 'model' THEN d.model WHEN 'user' THEN d.user_id::text
                 ELSE CASE WHEN d.key_id = '00000000-0000-0000-0000-000000000000' THEN '' ELSE d.key_id::text END
               END AS group_key, {ColumnsSql}
        {WhereSql}
        GROUP BY 1
        ORDER BY CASE WHEN @by IN ('day', 'month') THEN 0 ELSE -sum(d.cost_nano) END,
                 CASE WHEN @by IN ('day', 'month') THEN 0 ELSE -sum(d.requests) END, 1
        OFFSET @skip LIMIT @most
        """;

    private const string AlertsSql = """
        SELECT level, subject_id, period, window_start, percent, cap_nano, used_nano, at
        FROM budget_alerts
        WHERE tenant_id = @tenant AND (@userId::uuid IS NULL OR (level = 'user' AND subject_id = @userId))
        ORDER BY at DESC, level, subject_id, period, percent DESC
        LIMIT 20
        """;

    private const string EntriesSql = """
        SELECT at, request_id, attempt, event, day, user_id, key_id, component, operation, provider, model, outcome, error_type,
               input, cache_read, cache_write, cache_write_hour, output, reasoning, estimated, cost_nano, billed, latency_ms,
               first_part_ms, cache_hit
        FROM usage_entries
        WHERE tenant_id = @tenant AND event IN ('settled', 'expired', 'corrected') AND day BETWEEN @from AND @to
          AND (@userId::uuid IS NULL OR user_id = @userId) AND (@keyId::uuid IS NULL OR key_id = @keyId)
          AND (@component::text IS NULL OR component = @component) AND (@model::text IS NULL OR model = @model)
          AND (@afterDay::date IS NULL
               OR (day, at, request_id, attempt) > (@afterDay, @afterAt, @afterRequest, @afterAttempt))
        ORDER BY day, at, request_id, attempt, event
        LIMIT @most
        """;

    internal sealed record SumRow
    {
        public string GroupKey { get; init; } = "";
        public long Requests { get; init; }
        public long Attempts { get; init; }
        public long Failed { get; init; }
        public long CacheHits { get; init; }
        public long Estimated { get; init; }
        public long Input { get; init; }
        public long CacheRead { get; init; }
        public long CacheWrite { get; init; }
        public long CacheWriteHour { get; init; }
        public long Output { get; init; }
        public long Reasoning { get; init; }
        public long CostNano { get; init; }
        public long EstimatedNano { get; init; }
        public long UnbilledNano { get; init; }
        public long LatencyMs { get; init; }
    }

    internal sealed record AlertRow
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Period { get; init; }
        public required DateOnly WindowStart { get; init; }
        public required int Percent { get; init; }
        public required long CapNano { get; init; }
        public required long UsedNano { get; init; }
        public required DateTimeOffset At { get; init; }
    }

    internal sealed record EntryRow
    {
        public required DateTimeOffset At { get; init; }
        public required Guid RequestId { get; init; }
        public required int Attempt { get; init; }
        public required string Event { get; init; }
        public required DateOnly Day { get; init; }
        public required Guid UserId { get; init; }
        public Guid? KeyId { get; init; }
        public required string Component { get; init; }
        public required string Operation { get; init; }
        public required string Provider { get; init; }
        public required string Model { get; init; }
        public string? Outcome { get; init; }
        public string? ErrorType { get; init; }
        public required long Input { get; init; }
        public required long CacheRead { get; init; }
        public required long CacheWrite { get; init; }
        public required long CacheWriteHour { get; init; }
        public required long Output { get; init; }
        public required long Reasoning { get; init; }
        public required bool Estimated { get; init; }
        public required long CostNano { get; init; }
        public required bool Billed { get; init; }
        public int? LatencyMs { get; init; }
        public int? FirstPartMs { get; init; }
        public required bool CacheHit { get; init; }
    }

    /// <summary>Everything together, one page of the groups, and the newest alerts.</summary>
    public async Task<(SumRow Total, IReadOnlyList<SumRow> Groups, IReadOnlyList<AlertRow> Alerts)> ReadAsync(
        Principal principal,
        UsageFilter filter,
        string by,
        int skip,
        int most,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            from = filter.From,
            to = filter.To,
            userId = filter.UserId,
            keyId = filter.KeyId,
            component = filter.Component,
            model = filter.Model,
            by,
            skip,
            most,
        };
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var total = await session.FindAsync<SumRow>(TotalSql, arguments, cancellationToken);
        var groups = await session.QueryAsync<SumRow>(GroupsSql, arguments, cancellationToken);
        var alerts = await session.QueryAsync<AlertRow>(AlertsSql, arguments, cancellationToken);
        return (total ?? new SumRow(), groups, alerts);
    }

    /// <summary>Rows of the ledger in the order of time, after one of them.</summary>
    public async Task<IReadOnlyList<EntryRow>> EntriesAsync(
        Principal principal,
        UsageFilter filter,
        EntryRow? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<EntryRow>(
            EntriesSql,
            new
            {
                tenant = principal.Tenant.Value,
                from = filter.From,
                to = filter.To,
                userId = filter.UserId,
                keyId = filter.KeyId,
                component = filter.Component,
                model = filter.Model,
                afterDay = after?.Day,
                afterAt = after?.At,
                afterRequest = after?.RequestId,
                afterAttempt = after?.Attempt,
                most,
            },
            cancellationToken
        );
    }
}
