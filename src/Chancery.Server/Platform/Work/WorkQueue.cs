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

    // Work that is asked for again while it runs may have looked already at what is new: it runs once more afterwards.
    private const string EnqueueSql = """
        INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
        VALUES (@tenant, @id, @kind, @subject::jsonb, @now, @now)
        ON CONFLICT (tenant_id, kind, subject) WHERE state IN ('queued', 'running') DO UPDATE
        SET again = work_items.state = 'running', attempts = 0,
            run_after = least(work_items.run_after, excluded.run_after)
        """;

    // Whoever runs it loses its lease, and with it the right to write.
    private const string CancelSql = """
        UPDATE work_items
        SET state = 'done', last_error = 'cancelled', lease_owner = NULL, lease_until = NULL, finished_at = @now
        WHERE tenant_id = @tenant AND kind = @kind AND subject = @subject::jsonb AND state IN ('queued', 'running')
        """;

    private readonly SemaphoreSlim _signal = new(0);
    private readonly SemaphoreSlim _waitingSignal = new(0);

    /// <summary>
    /// Adds work in the caller's transaction; call <see cref="WakeAsync"/> once that is committed. Open work is there once
    /// for each kind and subject, so that two workers never do the same side by side.
    /// </summary>
    /// <remarks>Locks the row of work that is there already: to come before locks that this work takes itself.</remarks>
    public Task EnqueueAsync<T>(TenantSession session, string kind, T subject, CancellationToken cancellationToken) =>
        EnqueueAsync(session, kind, subject, time.GetUtcNow(), cancellationToken);

    /// <summary>The same from beside the servers: they find it within a second or so.</summary>
    internal static async Task EnqueueAsync<T>(
        TenantSession session,
        string kind,
        T subject,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await session.ExecuteAsync(
            EnqueueSql,
            new
            {
                tenant = session.Tenant.Value,
                id = Guid.CreateVersion7(),
                kind,
                subject = JsonSerializer.Serialize(subject, Json),
                now,
            },
            cancellationToken
        );
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

    public void Dispose()
    {
        _signal.Dispose();
        _waitingSignal.Dispose();
    }

    internal void WakeHere()
    {
        foreach (var signal in new[] { _signal, _waitingSignal })
        {
            // Whoever is woken looks until there is nothing left.
            if (signal.CurrentCount == 0)
            {
                signal.Release();
            }
        }
    }

    /// <param name="waits">For work that waits for others' servers; see <see cref="IWorkHandler.Waits"/>.</param>
    internal Task<bool> WaitAsync(bool waits, TimeSpan most, CancellationToken cancellationToken) =>
        (waits ? _waitingSignal : _signal).WaitAsync(most, cancellationToken);
}
