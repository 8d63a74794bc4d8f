using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Platform.Work;

/// <summary>Puts work into the queue, and wakes the workers. Safe for concurrent use.</summary>
public sealed class WorkQueue(RedisGateway redis, TimeProvider time) : IDisposable
{
    internal const string WakeChannel = "chancery:work";

    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private const string EnqueueSql = """
        INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
        VALUES (@tenant, @id, @kind, @subject::jsonb, @now, @now)
        """;

    // Whoever runs it loses its lease, and with it the right to write.
    private const string CancelSql = """
        UPDATE work_items
        SET state = 'done', last_error = 'cancelled', lease_owner = NULL, lease_until = NULL, finished_at = @now
        WHERE tenant_id = @tenant AND kind = @kind AND subject = @subject::jsonb AND state IN ('queued', 'running')
        """;

    private readonly SemaphoreSlim _signal = new(0);

    /// <summary>Adds work in the caller's transaction; call <see cref="WakeAsync"/> once that is committed.</summary>
    public async Task<Guid> EnqueueAsync<T>(
        TenantSession session,
        string kind,
        T subject,
        CancellationToken cancellationToken
    )
    {
        var id = Guid.CreateVersion7();
        await session.ExecuteAsync(
            EnqueueSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                kind,
                subject = JsonSerializer.Serialize(subject, Json),
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        return id;
    }

    /// <summary>
    /// Takes work back in the caller's transaction, queued or running; waits for what a worker is writing just now. False
    /// when there is none: it ended by itself.
    /// </summary>
    public async Task<bool> CancelAsync<T>(
        TenantSession session,
        string kind,
        T subject,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            CancelSql,
            new
            {
                tenant = session.Tenant.Value,
                kind,
                subject = JsonSerializer.Serialize(subject, Json),
                now = time.GetUtcNow(),
            },
            cancellationToken
        ) > 0;

    /// <summary>Tells workers, here and in other processes, that there is work. Without it they look every second.</summary>
    public async Task WakeAsync()
    {
        WakeHere();
        await redis.PublishAsync(WakeChannel, "");
    }

    public void Dispose() => _signal.Dispose();

    internal void WakeHere()
    {
        // More wake-ups than workers help nobody.
        if (_signal.CurrentCount < 64)
        {
            _signal.Release();
        }
    }

    internal Task<bool> WaitAsync(TimeSpan most, CancellationToken cancellationToken) =>
        _signal.WaitAsync(most, cancellationToken);
}
