using System.Collections.Concurrent;
using System.Text.Json;
using Chancery.Server.Limits.Plans;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Limits;

/// <summary>
/// The limits that hold, known to this process for at most ten seconds, and shorter where Redis tells of a change. What was last known is
/// kept beyond that, for when PostgreSQL is gone. Safe for concurrent use.
/// </summary>
public sealed class LimitBook(
    TenantDatabase database,
    RedisGateway redis,
    LimitSettings settings,
    TimeProvider time,
    ILogger<LimitBook> logger
)
{
    private const string Channel = "chancery:limits";
    private const string All = "*";
    private const int MostTenants = 20_000;

    // Older, and they are read again beside the requests that still use them; so old, and requests wait.
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UsedFor = TimeSpan.FromSeconds(10);

    private const string PlanSql = "SELECT plan, limits::text AS limits FROM door_tenant_plan(@tenant)";

    private const string OverridesSql = """
        SELECT level, subject_id, name, set_by, most FROM limit_overrides WHERE tenant_id = @tenant
        ORDER BY level, subject_id, name, set_by
        """;

    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();
    private long _changes;

    /// <summary>The plans that the program brings.</summary>
    internal IReadOnlyList<Plan> Shipped { get; } = Plan.Shipped(settings);

    /// <summary>Reads again what another server changes.</summary>
    internal Task ListenAsync() => redis.SubscribeAsync(Channel, Outdate);

    /// <summary>Limits of a tenant were changed; of a plan, and so of many, when null.</summary>
    internal async Task ChangedAsync(TenantId? tenant)
    {
        var told = tenant?.Value.ToString() ?? All;
        Outdate(told);
        await redis.PublishAsync(Channel, told);
    }

    /// <summary>
    /// What holds for a tenant and those in it. While PostgreSQL is gone what was last known goes on to hold, however old it is; null when
    /// this process never knew it, which is not the same as no limit.
    /// </summary>
    public ValueTask<TenantLimits?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var entry = _entries.GetValueOrDefault(tenant.Value);
        var age = AgeOf(entry);
        if (entry is null || age >= UsedFor)
        {
            return new ValueTask<TenantLimits?>(ReadOrKeepAsync(tenant, entry, cancellationToken));
        }

        if (age >= FreshFor && entry.BeginReading())
        {
            _ = ReadOrKeepAsync(tenant, entry, CancellationToken.None);
        }

        return new ValueTask<TenantLimits?>(entry.Limits);
    }

    /// <summary>As PostgreSQL has them now.</summary>
    public async Task<TenantLimits> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await ReadAsync(session, cancellationToken);
    }

    /// <summary>
    /// What holds for the session's tenant, in a transaction that is open: nothing waits there for another connection, and what cannot
    /// be known ends it.
    /// </summary>
    public ValueTask<TenantLimits> OfAsync(TenantSession session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        return _entries.TryGetValue(session.Tenant.Value, out var entry) && AgeOf(entry) < UsedFor
            ? new ValueTask<TenantLimits>(entry.Limits)
            : new ValueTask<TenantLimits>(ReadAsync(session, cancellationToken));
    }

    private async Task<TenantLimits> ReadAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var tenant = session.Tenant;
        var changes = Volatile.Read(ref _changes);
        var readAt = time.GetTimestamp();
        var found = await session.FindAsync<PlanRow>(PlanSql, new { tenant = tenant.Value }, cancellationToken);
        var overrides = await session.QueryAsync<OverrideRow>(
            OverridesSql,
            new { tenant = tenant.Value },
            cancellationToken
        );
        var limits = new TenantLimits(
            tenant.Value,
            PlanOf(found),
            [.. overrides.Select(row => new LimitOverride(row.Level, row.SubjectId, row.Name, row.SetBy, row.Most))]
        );
        if (_entries.Count >= MostTenants)
        {
            MakeRoom();
        }

        // What was changed meanwhile may not be in what was read.
        if (Volatile.Read(ref _changes) == changes)
        {
            _entries[tenant.Value] = new Entry(limits, readAt);
        }

        return limits;
    }

    private async Task<TenantLimits?> ReadOrKeepAsync(
        TenantId tenant,
        Entry? known,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ReadAsync(tenant, cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.LimitsUnknown(logger, tenant.Value, exception);
            if (known is null)
            {
                return null;
            }

            _entries[tenant.Value] = new Entry(known.Limits, time.GetTimestamp());
            return known.Limits;
        }
    }

    private static Plan Nothing { get; } = new(Plan.Unlimited, new Dictionary<string, long>(), IsShipped: true);

    // A plan that the operator took away while somebody was on it leaves them on the narrowest. Who does not exist (any more) has
    // nothing that could be counted.
    private Plan PlanOf(PlanRow? row) =>
        row is null ? Nothing
        : row.Limits is { } limits
            ? new Plan(row.Plan, JsonSerializer.Deserialize<Dictionary<string, long>>(limits)!, IsShipped: false)
        : Shipped.FirstOrDefault(plan => plan.Name == row.Plan) ?? Shipped[0];

    // Not forgotten: should PostgreSQL be gone just now, the old limits are nearer to the truth than none.
    private void Outdate(string told)
    {
        Interlocked.Increment(ref _changes);
        if (told == All)
        {
            foreach (var entry in _entries.Values)
            {
                entry.IsOutdated = true;
            }
        }
        else if (Guid.TryParse(told, out var tenant) && _entries.TryGetValue(tenant, out var entry))
        {
            entry.IsOutdated = true;
        }
    }

    private TimeSpan AgeOf(Entry? entry) =>
        entry is null or { IsOutdated: true } ? TimeSpan.MaxValue : time.GetElapsedTime(entry.ReadAt);

    // Half of them at once, those that were read longest ago.
    private void MakeRoom()
    {
        foreach (var (tenant, _) in _entries.ToArray().OrderBy(one => one.Value.ReadAt).Take(MostTenants / 2))
        {
            _entries.TryRemove(tenant, out _);
        }
    }

    private sealed class Entry(TenantLimits limits, long readAt)
    {
        private int _isReading;
        private volatile bool _isOutdated;

        public TenantLimits Limits => limits;

        public long ReadAt => readAt;

        /// <summary>Somebody changed what it holds.</summary>
        public bool IsOutdated
        {
            get => _isOutdated;
            set => _isOutdated = value;
        }

        public bool BeginReading() => Interlocked.Exchange(ref _isReading, 1) == 0;
    }

    private sealed record PlanRow(string Plan, string? Limits);

    private sealed record OverrideRow
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Name { get; init; }
        public required string SetBy { get; init; }
        public long? Most { get; init; }
    }
}
