using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Inference.Registry.Policies;

/// <summary>
/// The policies that hold, kept in this process: a call asks no database. Redis tells of a change; where it is gone a change is seen
/// when what is known is half a minute old. Safe for concurrent use.
/// </summary>
public sealed class ModelPolicies(TenantDatabase database, RedisGateway redis, TimeProvider time)
{
    private const string Channel = "chancery:models:policies";
    private const int MostTenants = 50_000;

    /// <summary>Older, and it is read again beside the calls that still use it; so old, and calls wait.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan UsedFor = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private const string FindSql = """
        SELECT default_model, allowed_models, operator_models FROM model_policies WHERE tenant_id = @tenant
        """;

    private const string SetSql = """
        INSERT INTO model_policies (tenant_id, default_model, allowed_models, changed_at, changed_by)
        VALUES (@tenant, @model, @allowed, @now, @by)
        ON CONFLICT (tenant_id) DO UPDATE
        SET default_model = excluded.default_model, allowed_models = excluded.allowed_models,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """;

    private const string SetDefaultSql = """
        INSERT INTO model_policies (tenant_id, default_model, changed_at, changed_by)
        VALUES (@tenant, @model, @now, @by)
        ON CONFLICT (tenant_id) DO UPDATE
        SET default_model = excluded.default_model, changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """;

    private const string SetByOperatorSql = """
        INSERT INTO model_policies (tenant_id, operator_models, changed_at)
        VALUES (@tenant, @allowed, @now)
        ON CONFLICT (tenant_id) DO UPDATE
        SET operator_models = excluded.operator_models, changed_at = excluded.changed_at, changed_by = NULL
        """;

    private readonly ConcurrentDictionary<TenantId, Entry> _entries = new();
    private long _changes;

    private sealed record Row
    {
        public string? DefaultModel { get; init; }
        public string[]? AllowedModels { get; init; }
        public string[]? OperatorModels { get; init; }
    }

    /// <summary>What the tenant's calls go by.</summary>
    /// <exception cref="NpgsqlException">It was never known here, and PostgreSQL does not answer.</exception>
    public ValueTask<ModelPolicy> OfAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(tenant, out var entry))
        {
            return new ValueTask<ModelPolicy>(ReadAsync(tenant, cancellationToken));
        }

        var age = entry.IsOvertaken ? UsedFor : time.GetElapsedTime(entry.ReadAt);
        if (age >= UsedFor)
        {
            return new ValueTask<ModelPolicy>(ReadOrKeepAsync(tenant, entry, cancellationToken));
        }

        if (age >= FreshFor && entry.BeginReading())
        {
            _ = ReadOrKeepAsync(tenant, entry, CancellationToken.None);
        }

        return new ValueTask<ModelPolicy>(entry.Policy);
    }

    /// <summary>As PostgreSQL has it now.</summary>
    public async Task<ModelPolicy> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var changes = Volatile.Read(ref _changes);
        var readAt = time.GetTimestamp();
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var row = await session.FindAsync<Row>(FindSql, new { tenant = tenant.Value }, cancellationToken);
        var policy = row is null
            ? ModelPolicy.None
            : new ModelPolicy(row.DefaultModel, row.AllowedModels, row.OperatorModels);
        if (_entries.Count >= MostTenants)
        {
            _entries.Clear();
        }

        var entry = new Entry(policy, readAt);
        _entries[tenant] = entry;
        // A change that was told meanwhile may not be in what was read.
        entry.IsOvertaken = Volatile.Read(ref _changes) != changes;
        return policy;
    }

    /// <summary>What the organisation decides; on all servers within two seconds.</summary>
    internal Task SetAsync(
        TenantId tenant,
        string? model,
        IReadOnlyList<string>? allowed,
        Guid by,
        CancellationToken cancellationToken
    ) =>
        ChangeAsync(
            tenant,
            SetSql,
            new
            {
                tenant = tenant.Value,
                model,
                allowed = allowed?.ToArray(),
                now = time.GetUtcNow(),
                by,
            },
            cancellationToken
        );

    /// <summary>Only the default: which models may be asked stays as it is, whoever changes that meanwhile.</summary>
    internal Task SetDefaultAsync(TenantId tenant, string? model, Guid by, CancellationToken cancellationToken) =>
        ChangeAsync(
            tenant,
            SetDefaultSql,
            new
            {
                tenant = tenant.Value,
                model,
                now = time.GetUtcNow(),
                by,
            },
            cancellationToken
        );

    /// <summary>What the operator allows it; the organisation's own decision stays beside it.</summary>
    internal Task SetByOperatorAsync(
        TenantId tenant,
        IReadOnlyList<string>? allowed,
        CancellationToken cancellationToken
    ) =>
        ChangeAsync(
            tenant,
            SetByOperatorSql,
            new
            {
                tenant = tenant.Value,
                allowed = allowed?.ToArray(),
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    /// <summary>Hears of what other servers change.</summary>
    internal Task ListenAsync() =>
        redis.SubscribeAsync(
            Channel,
            message =>
            {
                if (Guid.TryParse(message, out var tenant))
                {
                    Overtake(new TenantId(tenant));
                }
            }
        );

    private async Task ChangeAsync(TenantId tenant, string sql, object arguments, CancellationToken cancellationToken)
    {
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            await session.ExecuteAsync(sql, arguments, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        Overtake(tenant);
        await redis.PublishAsync(Channel, tenant.Value.ToString());
    }

    /// <summary>Kept all the same, for the case that PostgreSQL is gone when it is asked.</summary>
    private void Overtake(TenantId tenant)
    {
        Interlocked.Increment(ref _changes);
        if (_entries.TryGetValue(tenant, out var entry))
        {
            entry.IsOvertaken = true;
        }
    }

    private async Task<ModelPolicy> ReadOrKeepAsync(TenantId tenant, Entry known, CancellationToken cancellationToken)
    {
        var changes = Volatile.Read(ref _changes);
        try
        {
            return await ReadAsync(tenant, cancellationToken).WaitAsync(Patience, cancellationToken);
        }
        // Models are asked while PostgreSQL is away, too: by what was known.
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            var kept = new Entry(known.Policy, time.GetTimestamp());
            _entries[tenant] = kept;
            // What was told meanwhile is asked for again.
            kept.IsOvertaken = known.IsOvertaken || Volatile.Read(ref _changes) != changes;
            return known.Policy;
        }
    }

    private sealed class Entry(ModelPolicy policy, long readAt)
    {
        private int _isReading;
        private volatile bool _isOvertaken;

        public ModelPolicy Policy => policy;

        public long ReadAt => readAt;

        /// <summary>Whether it was changed since.</summary>
        public bool IsOvertaken
        {
            get => _isOvertaken;
            set => _isOvertaken = value;
        }

        public bool BeginReading() => Interlocked.Exchange(ref _isReading, 1) == 0;
    }
}
