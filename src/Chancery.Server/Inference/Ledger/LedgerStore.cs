using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger;

/// <summary>The ledger in PostgreSQL. Safe for concurrent use.</summary>
internal sealed class LedgerStore(TenantDatabase database, Doors doors)
{
    // Whoever changes what a tenant spent and holds does so one after the other; its own statement, so that the next one sees what
    // the one before committed.
    private const string LockSql =
        "SELECT pg_advisory_xact_lock(hashtextextended('chancery.ledger/' || current_tenant()::text, 0))";

    // The same row again changes nothing, the sums included: they are made of what was really inserted.
    private const string CopySql = """
        WITH batch AS (
          SELECT b.request_id, b.event, b.attempt, b.at, b.day, b.user_id, b.key_id, b.component, b.operation, b.provider, b.model,
                 b.outcome, b.error_type, b.input, b.cache_read, b.cache_write, b.cache_write_hour, b.output, b.reasoning,
                 b.estimated, b.cost_nano, b.billed, b.latency_ms, b.first_part_ms, b.cache_hit, b.expires_at
          FROM unnest(@requests, @events, @attempts, @times, @days, @users, @keys, @components, @operations, @providers, @models,
                      @outcomes, @errors, @input, @cacheRead, @cacheWrite, @cacheWriteHour, @output, @reasoning,
                      @estimated, @costs, @billed, @latencies, @firstParts, @cacheHits, @expiries)
            AS b(request_id, event, attempt, at, day, user_id, key_id, component, operation, provider, model,
                 outcome, error_type, input, cache_read, cache_write, cache_write_hour, output, reasoning,
                 estimated, cost_nano, billed, latency_ms, first_part_ms, cache_hit, expires_at)
        ),
        written AS (
          INSERT INTO usage_entries
            (tenant_id, request_id, event, attempt, at, day, user_id, key_id, component, operation, provider, model,
             outcome, error_type, input, cache_read, cache_write, cache_write_hour, output, reasoning,
             estimated, cost_nano, billed, latency_ms, first_part_ms, cache_hit, expires_at)
          SELECT @tenant, n.*
          FROM (
            SELECT b.* FROM batch AS b
            WHERE NOT (b.event = 'expired' AND EXISTS (
              SELECT FROM usage_entries AS e
              WHERE e.tenant_id = @tenant AND e.request_id = b.request_id AND e.event IN ('settled', 'released')))
            UNION ALL
            SELECT x.request_id, 'corrected', 0, l.at, x.day, x.user_id, x.key_id, x.component, x.operation, x.provider, x.model,
                   x.outcome, x.error_type, -x.input, 0, 0, 0, 0, 0, x.estimated, -x.cost_nano, x.billed, NULL, NULL, x.cache_hit, NULL
            FROM (SELECT b.request_id, max(b.at) AS at FROM batch AS b WHERE b.event IN ('settled', 'released')
                  GROUP BY b.request_id) AS l
            JOIN usage_entries AS x ON x.tenant_id = @tenant AND x.request_id = l.request_id AND x.event = 'expired'
          ) AS n
          ON CONFLICT DO NOTHING
          RETURNING *
        ),
        opened AS (
          INSERT INTO open_reservations (tenant_id, request_id, day, user_id, key_id, amount_nano, amount_tokens, expires_at)
          SELECT @tenant, w.request_id, w.day, w.user_id, coalesce(w.key_id, @noKey), w.cost_nano, w.input, w.expires_at
          FROM written AS w
          WHERE w.event = 'reserved'
            AND NOT EXISTS (SELECT FROM batch AS b WHERE b.request_id = w.request_id AND b.event <> 'reserved')
            AND NOT EXISTS (SELECT FROM usage_entries AS e
                            WHERE e.tenant_id = @tenant AND e.request_id = w.request_id AND e.event <> 'reserved')
          ON CONFLICT DO NOTHING
        ),
        closed AS (
          DELETE FROM open_reservations AS o
          USING batch AS b
          WHERE o.tenant_id = @tenant AND o.request_id = b.request_id AND b.event <> 'reserved'
        ),
        summed AS (
          INSERT INTO usage_days AS d
            (tenant_id, day, user_id, key_id, component, operation, provider, model, requests, attempts, failed, cache_hits,
             estimated, input, cache_read, cache_write, cache_write_hour, output, reasoning, cost_nano, estimated_nano,
             unbilled_nano, latency_ms)
          SELECT @tenant, w.day, w.user_id, coalesce(w.key_id, @noKey), w.component, w.operation, w.provider, w.model,
                 sum(CASE WHEN w.event = 'corrected' THEN -1 WHEN w.attempt <= 1 THEN 1 ELSE 0 END),
                 sum(CASE WHEN w.event = 'corrected' THEN -1 ELSE 1 END),
                 sum(CASE WHEN w.outcome = 'answered' THEN 0 WHEN w.event = 'corrected' THEN -1 ELSE 1 END),
                 count(*) FILTER (WHERE w.cache_hit),
                 sum(CASE WHEN NOT w.estimated THEN 0 WHEN w.event = 'corrected' THEN -1 ELSE 1 END),
                 sum(w.input), sum(w.cache_read), sum(w.cache_write), sum(w.cache_write_hour), sum(w.output), sum(w.reasoning),
                 coalesce(sum(w.cost_nano) FILTER (WHERE w.billed), 0),
                 coalesce(sum(w.cost_nano) FILTER (WHERE w.billed AND w.estimated), 0),
                 coalesce(sum(w.cost_nano) FILTER (WHERE NOT w.billed), 0),
                 coalesce(sum(w.latency_ms), 0)
          FROM written AS w
          WHERE w.event IN ('settled', 'expired', 'corrected')
          GROUP BY w.day, w.user_id, coalesce(w.key_id, @noKey), w.component, w.operation, w.provider, w.model
          ON CONFLICT (tenant_id, day, user_id, key_id, component, operation, provider, model) DO UPDATE
          SET requests = d.requests + excluded.requests, attempts = d.attempts + excluded.attempts,
              failed = d.failed + excluded.failed, cache_hits = d.cache_hits + excluded.cache_hits,
              estimated = d.estimated + excluded.estimated, input = d.input + excluded.input,
              cache_read = d.cache_read + excluded.cache_read, cache_write = d.cache_write + excluded.cache_write,
              cache_write_hour = d.cache_write_hour + excluded.cache_write_hour, output = d.output + excluded.output,
              reasoning = d.reasoning + excluded.reasoning, cost_nano = d.cost_nano + excluded.cost_nano,
              estimated_nano = d.estimated_nano + excluded.estimated_nano,
              unbilled_nano = d.unbilled_nano + excluded.unbilled_nano, latency_ms = d.latency_ms + excluded.latency_ms
        )
        SELECT count(*)::int FROM written
        """;

    private const string ReserveSql = """
        SELECT outcome, capped_level AS level, capped_period AS period, cap, used
        FROM reserve_budget(@epoch, @request, @user, @key, @component, @operation, @model, @amount, @tokens, @at, @day, @expires,
                            @planNano, @planTokens)
        """;

    private const string OverdueTenantsSql = "SELECT tenant_id FROM door_overdue_reservations(@before)";

    private const string OverdueSql = """
        SELECT e.request_id, e.at, e.day, e.user_id, e.key_id, e.component, e.operation, e.model, e.cost_nano, e.input
        FROM open_reservations AS o
        JOIN usage_entries AS e ON e.tenant_id = o.tenant_id AND e.request_id = o.request_id AND e.event = 'reserved'
        WHERE o.tenant_id = @tenant AND o.expires_at < @before
        ORDER BY o.expires_at, o.request_id
        LIMIT 500
        """;

    /// <summary>Copies entries of one tenant, in one transaction; what is there already stays as it is.</summary>
    /// <returns>How many were new.</returns>
    public async Task<int> CopyAsync(
        TenantId tenant,
        IReadOnlyList<LedgerEntry> entries,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(LockSql, null, cancellationToken);
        var written = await CopyAsync(session, tenant, entries, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return written;
    }

    /// <summary>Takes a reservation where Redis does not answer.</summary>
    /// <param name="planNano">What the plan lets models cost in a month; null for no limit.</param>
    /// <param name="planTokens">What it lets them take.</param>
    public async Task<ReserveRow> ReserveAsync(
        Reservation reservation,
        long epoch,
        long? planNano,
        long? planTokens,
        CancellationToken cancellationToken
    )
    {
        var request = reservation.Request;
        await using var session = await database.OpenAsync(request.Payer.Tenant, cancellationToken);
        var row = await session.FindAsync<ReserveRow>(
            ReserveSql,
            new
            {
                epoch,
                request = request.Id,
                user = request.Payer.UserId,
                key = request.Payer.KeyId,
                component = request.Purpose.Component,
                operation = request.Purpose.Operation,
                model = request.Model,
                amount = request.WorstCase.Value,
                tokens = reservation.Tokens,
                planNano,
                planTokens,
                at = reservation.ReservedAt,
                day = DateOnly.FromDateTime(reservation.ReservedAt.UtcDateTime),
                expires = reservation.ExpiresAt,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row!;
    }

    /// <summary>Tenants with reservations that should have ended before then.</summary>
    public async Task<IReadOnlyList<TenantId>> OverdueTenantsAsync(
        DateTimeOffset before,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await doors.QueryAsync<Guid>(OverdueTenantsSql, new { before }, cancellationToken)).Select(
                id => new TenantId(id)
            ),
        ];

    /// <summary>Books up to 500 of a tenant's overdue reservations at their amounts.</summary>
    public async Task<int> ExpireAsync(
        TenantId tenant,
        DateTimeOffset before,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(LockSql, null, cancellationToken);
        var overdue = await session.QueryAsync<OverdueRow>(
            OverdueSql,
            new { tenant = tenant.Value, before },
            cancellationToken
        );
        if (overdue.Count == 0)
        {
            return 0;
        }

        await CopyAsync(session, tenant, [.. overdue.Select(row => row.ToEntry(tenant, now))], cancellationToken);
        await session.CommitAsync(cancellationToken);
        return overdue.Count;
    }

    private static Task<int> CopyAsync(
        TenantSession session,
        TenantId tenant,
        IReadOnlyList<LedgerEntry> entries,
        CancellationToken cancellationToken
    ) =>
        session.FindAsync<int>(
            CopySql,
            new
            {
                tenant = tenant.Value,
                noKey = Guid.Empty,
                requests = Column(entries, entry => entry.RequestId),
                events = Column(entries, entry => NameOf(entry.Event)),
                attempts = Column(entries, entry => entry.Attempt),
                times = Column(entries, entry => entry.At),
                days = Column(entries, entry => entry.Day),
                users = Column(entries, entry => entry.UserId),
                keys = Column(entries, entry => entry.KeyId),
                components = Column(entries, entry => entry.Component),
                operations = Column(entries, entry => entry.Operation),
                providers = Column(entries, entry => entry.Provider),
                models = Column(entries, entry => entry.Model),
                outcomes = Column(entries, entry => entry.Outcome),
                errors = Column(entries, entry => entry.ErrorType),
                input = Column(entries, entry => entry.Tokens.Input),
                cacheRead = Column(entries, entry => entry.Tokens.CacheRead),
                cacheWrite = Column(entries, entry => entry.Tokens.CacheWrite),
                cacheWriteHour = Column(entries, entry => entry.Tokens.CacheWriteHour),
                output = Column(entries, entry => entry.Tokens.Output),
                reasoning = Column(entries, entry => entry.Tokens.Reasoning),
                estimated = Column(entries, entry => entry.Estimated),
                costs = Column(entries, entry => entry.CostNano),
                billed = Column(entries, entry => entry.Billed),
                latencies = Column(entries, entry => entry.LatencyMs),
                firstParts = Column(entries, entry => entry.FirstPartMs),
                cacheHits = Column(entries, entry => entry.CacheHit),
                expiries = Column(entries, entry => entry.ExpiresAt),
            },
            cancellationToken
        );

    private static T[] Column<T>(IReadOnlyList<LedgerEntry> entries, Func<LedgerEntry, T> value)
    {
        var column = new T[entries.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(entries[i]);
        }

        return column;
    }

    private static string NameOf(LedgerEvent what) =>
        what switch
        {
            LedgerEvent.Reserved => "reserved",
            LedgerEvent.Settled => "settled",
            LedgerEvent.Released => "released",
            _ => "expired",
        };

    /// <param name="Outcome">granted, refused, or stale: reservations are not taken here any more.</param>
    internal sealed record ReserveRow(string Outcome, string? Level, string? Period, long Cap, long Used);

    private sealed record OverdueRow(
        Guid RequestId,
        DateTime At,
        DateOnly Day,
        Guid UserId,
        Guid? KeyId,
        string Component,
        string Operation,
        string Model,
        long CostNano,
        long Input
    )
    {
        public LedgerEntry ToEntry(TenantId tenant, DateTimeOffset now) =>
            new LedgerEntry
            {
                Tenant = tenant.Value,
                RequestId = RequestId,
                Event = LedgerEvent.Reserved,
                At = At,
                Day = Day,
                UserId = UserId,
                KeyId = KeyId,
                Component = Component,
                Operation = Operation,
                Model = Model,
                CostNano = CostNano,
                Tokens = new TokenCounts(Input, 0, 0, 0, 0, 0),
            }.ToExpired(now);
    }
}
