using System.Collections.Concurrent;
using Chancery.Server.Limits;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Inference.Ledger;

/// <summary>
/// The caps that hold, known to this process for at most two seconds, and shorter where Redis tells of a change. Safe for concurrent
/// use.
/// </summary>
internal sealed class BudgetBook(
    TenantDatabase database,
    Doors doors,
    RedisGateway redis,
    LimitBook limits,
    LedgerClock clock
)
{
    private const string Channel = "ledger:budgets";
    private const int MostTenants = 20_000;

    /// <summary>Older, and it is read again beside the calls that still use it; so old, and calls wait.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UsedFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private const string TenantSql = """
        SELECT level, subject_id, period, min(cap_nano) AS cap_nano, max(changed_at) AS changed_at
        FROM budgets WHERE tenant_id = @tenant
        GROUP BY level, subject_id, period ORDER BY level, subject_id, period
        """;

    private const string InstallationSql = """
        SELECT 'installation' AS level, '00000000-0000-0000-0000-000000000000'::uuid AS subject_id, period, cap_nano, changed_at
        FROM installation_budgets ORDER BY period
        """;

    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();

    /// <summary>Drops what was known when another server changes it.</summary>
    public Task ListenAsync() =>
        redis.SubscribeAsync(
            Channel,
            message =>
            {
                if (Guid.TryParse(message, out var tenant))
                {
                    _entries.TryRemove(tenant, out _);
                }
            }
        );

    /// <summary>Caps of a tenant were changed.</summary>
    public Task ChangedAsync(TenantId tenant)
    {
        _entries.TryRemove(tenant.Value, out _);
        return redis.PublishAsync(Channel, tenant.Value.ToString());
    }

    /// <summary>The caps of a tenant, or of the installation.</summary>
    /// <exception cref="NpgsqlException">They are not known, and PostgreSQL does not answer.</exception>
    public ValueTask<BudgetScope> OfAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        var key = tenant?.Value ?? Guid.Empty;
        if (!_entries.TryGetValue(key, out var entry))
        {
            return new ValueTask<BudgetScope>(ReadAsync(tenant, cancellationToken));
        }

        var age = clock.Time.GetElapsedTime(entry.ReadAt);
        if (age < FreshFor)
        {
            return new ValueTask<BudgetScope>(entry.Scope);
        }

        if (age >= UsedFor)
        {
            return new ValueTask<BudgetScope>(ReadOrKeepAsync(tenant, entry, cancellationToken));
        }

        if (entry.BeginReading())
        {
            _ = ReadOrKeepAsync(tenant, entry, CancellationToken.None);
        }

        return new ValueTask<BudgetScope>(entry.Scope);
    }

    /// <summary>What this process knows of a tenant's caps, or the installation's, whatever its age.</summary>
    public BudgetScope? Known(TenantId? tenant) =>
        _entries.TryGetValue(tenant?.Value ?? Guid.Empty, out var entry) ? entry.Scope : null;

    /// <summary>All scopes with caps that this process knows.</summary>
    public IEnumerable<BudgetScope> AllKnown() =>
        _entries.Values.Select(entry => entry.Scope).Where(scope => !scope.IsEmpty);

    /// <summary>As PostgreSQL has them now.</summary>
    public async Task<BudgetScope> ReadAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        var readAt = clock.Time.GetTimestamp();
        IReadOnlyList<CapRow> rows;
        List<Cap> ofPlan = [];
        if (tenant is { } one)
        {
            ofPlan = CapsOf(one, await limits.ReadAsync(one, cancellationToken));
            await using var session = await database.OpenAsync(one, cancellationToken);
            rows = await session.QueryAsync<CapRow>(TenantSql, new { tenant = one.Value }, cancellationToken);
        }
        else
        {
            rows = await doors.QueryAsync<CapRow>(InstallationSql, null, cancellationToken);
        }

        List<Cap> caps = [.. rows.Select(row => new Cap(row.Level, row.SubjectId, row.Period, row.CapNano)), .. ofPlan];
        var changedAt = rows.Count == 0 ? default : rows.Max(row => row.ChangedAt);
        // Nobody says when a plan was changed: when it was first seen here.
        if (ofPlan.Count > 0)
        {
            var known = Known(tenant);
            changedAt =
                known is null || !known.Caps.Where(cap => cap.IsOfPlan).SequenceEqual(ofPlan) ? clock.Now
                : known.ChangedAt > changedAt ? known.ChangedAt
                : changedAt;
        }

        if (_entries.Count >= MostTenants)
        {
            _entries.Clear();
        }

        var scope = new BudgetScope(tenant, caps, changedAt);
        _entries[tenant?.Value ?? Guid.Empty] = new Entry(scope, readAt);
        return scope;
    }

    private static List<Cap> CapsOf(TenantId tenant, TenantLimits limits)
    {
        var caps = new List<Cap>(2);
        if (limits.Of(LimitNames.CostPerMonth) is { } cost)
        {
            caps.Add(new Cap(BudgetLevel.Plan, tenant.Value, BudgetWindow.Month, cost));
        }

        if (limits.Of(LimitNames.TokensPerMonth) is { } tokens)
        {
            caps.Add(new Cap(BudgetLevel.Quota, tenant.Value, BudgetWindow.Month, tokens));
        }

        return caps;
    }

    private async Task<BudgetScope> ReadOrKeepAsync(TenantId? tenant, Entry known, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(tenant, cancellationToken).WaitAsync(Patience, cancellationToken);
        }
        // What was known goes on to hold while calls may go on without PostgreSQL; the ledger knows how long that is.
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            _entries[tenant?.Value ?? Guid.Empty] = new Entry(known.Scope, clock.Time.GetTimestamp());
            return known.Scope;
        }
    }

    private sealed class Entry(BudgetScope scope, long readAt)
    {
        private int _isReading;

        public BudgetScope Scope => scope;

        public long ReadAt => readAt;

        public bool BeginReading() => Interlocked.Exchange(ref _isReading, 1) == 0;
    }

    private sealed record CapRow
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Period { get; init; }
        public required long CapNano { get; init; }
        public required DateTimeOffset ChangedAt { get; init; }
    }
}
