using System.Collections.Concurrent;
using System.Text.Json;
using Chancery.Server.Limits.Plans;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Limits;

/// <summary>
/// The limits that hold, known to this process for at most ten seconds, and shorter where Redis tells of a change. Safe for concurrent
/// use.
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

    /// <summary>Drops what was known when another server changes it.</summary>
    internal Task ListenAsync() => redis.SubscribeAsync(Channel, Forget);

    /// <summary>Limits of a tenant were changed; of a plan, and so of many, when null.</summary>
    internal async Task ChangedAsync(TenantId? tenant)
    {
        var told = tenant?.Value.ToString() ?? All;
        Forget(told);
        await redis.PublishAsync(Channel, told);
    }

    /// <summary>What holds for a tenant and those in it.</summary>
    /// <remarks>While PostgreSQL is gone what was known goes on to hold; of whom nothing was known, nothing is limited here.</remarks>
    public ValueTask<TenantLimits> OfAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(tenant.Value, out var entry))
        {
            return new ValueTask<TenantLimits>(ReadOrKeepAsync(tenant, null, cancellationToken));
        }

        var age = time.GetElapsedTime(entry.ReadAt);
        if (age < FreshFor)
        {
            return new ValueTask<TenantLimits>(entry.Limits);
        }

        if (age >= UsedFor)
        {
            return new ValueTask<TenantLimits>(ReadOrKeepAsync(tenant, entry, cancellationToken));
        }

        if (entry.BeginReading())
        {
            _ = ReadOrKeepAsync(tenant, entry, CancellationToken.None);
        }

        return new ValueTask<TenantLimits>(entry.Limits);
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
        return _entries.TryGetValue(session.Tenant.Value, out var entry) && time.GetElapsedTime(entry.ReadAt) < UsedFor
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
            _entries.Clear();
        }

        // What was changed meanwhile may not be in what was read.
        if (Volatile.Read(ref _changes) == changes)
        {
            _entries[tenant.Value] = new Entry(limits, readAt);
        }

        return limits;
    }

    private async Task<TenantLimits> ReadOrKeepAsync(TenantId tenant, Entry? known, CancellationToken cancellationToken)
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
                return new TenantLimits(tenant.Value, Nothing, []);
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

    private void Forget(string told)
    {
        Interlocked.Increment(ref _changes);
        if (told == All)
        {
            _entries.Clear();
        }
        else if (Guid.TryParse(told, out var tenant))
        {
            _entries.TryRemove(tenant, out _);
        }
    }

    private sealed class Entry(TenantLimits limits, long readAt)
    {
        private int _isReading;

        public TenantLimits Limits => limits;

        public long ReadAt => readAt;

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
