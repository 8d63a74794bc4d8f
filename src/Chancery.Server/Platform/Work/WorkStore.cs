using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Work;

/// <summary>The queue's rows. Safe for concurrent use.</summary>
internal sealed class WorkStore(Doors doors, TenantDatabase database, TimeProvider time)
{
    private const string ClaimSql = "SELECT * FROM door_claim_work(@worker, @kinds, @now, @lease)";

    private const string RenewSql = """
        UPDATE work_items SET lease_until = @until
        WHERE tenant_id = @tenant AND work_id = @id AND lease_owner = @owner AND state = 'running'
        """;

    private const string EndSql = """
        UPDATE work_items
        SET state = CASE WHEN again THEN 'queued' ELSE @state END,
            run_after = CASE WHEN again THEN @now ELSE coalesce(@runAfter, run_after) END,
            attempts = greatest(attempts - @refund, 0), again = false, lease_owner = NULL, lease_until = NULL,
            last_error = @error, finished_at = CASE WHEN again THEN NULL ELSE @finished END
        WHERE tenant_id = @tenant AND work_id = @id AND lease_owner = @owner AND state = 'running'
        """;

    private const string RestSql =
        "UPDATE work_turns SET resting_kind = @kind, resting_until = @until WHERE tenant_id = @tenant";

    public async Task<WorkItem?> ClaimAsync(
        string worker,
        string[] kinds,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        var row = await doors.FindAsync<ClaimRow>(
            ClaimSql,
            new
            {
                worker,
                kinds,
                now = time.GetUtcNow(),
                lease,
            },
            cancellationToken
        );
        return row is null
            ? null
            : new WorkItem(new TenantId(row.TenantId), row.WorkId, row.Kind, row.Subject, row.Attempts, worker);
    }

    /// <summary>False when the lease is somebody else's by now.</summary>
    public async Task<bool> RenewAsync(WorkItem item, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        var renewed = await session.ExecuteAsync(
            RenewSql,
            new
            {
                tenant = item.Tenant.Value,
                id = item.Id,
                owner = item.Owner,
                until = time.GetUtcNow() + lease,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return renewed == 1;
    }

    public Task DoneAsync(WorkItem item, CancellationToken cancellationToken) =>
        EndAsync(item, "done", null, 0, null, cancellationToken);

    public Task FailedAsync(WorkItem item, string? error, CancellationToken cancellationToken) =>
        EndAsync(item, "failed", null, 0, error, cancellationToken);

    public Task RetryAsync(WorkItem item, TimeSpan pause, string error, CancellationToken cancellationToken) =>
        EndAsync(item, "queued", time.GetUtcNow() + pause, 0, error, cancellationToken);

    /// <summary>Gives work back that was interrupted by the end of the process; it does not count as a try.</summary>
    public Task ReleaseAsync(WorkItem item, CancellationToken cancellationToken) =>
        EndAsync(item, "queued", null, 1, null, cancellationToken);

    /// <summary>Gives work back that has to wait for something; it does not count as a try.</summary>
    public Task PostponeAsync(WorkItem item, TimeSpan pause, CancellationToken cancellationToken) =>
        EndAsync(item, "queued", time.GetUtcNow() + pause, 1, null, cancellationToken);

    /// <summary>No work of this kind is claimed for the tenant for a while, on any server.</summary>
    public async Task RestAsync(WorkItem item, TimeSpan pause, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await session.ExecuteAsync(
            RestSql,
            new
            {
                tenant = item.Tenant.Value,
                kind = item.Kind,
                until = time.GetUtcNow() + pause,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    private async Task EndAsync(
        WorkItem item,
        string state,
        DateTimeOffset? runAfter,
        int refund,
        string? error,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await session.ExecuteAsync(
            EndSql,
            new
            {
                tenant = item.Tenant.Value,
                id = item.Id,
                owner = item.Owner,
                state,
                runAfter,
                refund,
                error,
                now = time.GetUtcNow(),
                finished = state is "queued" ? (DateTimeOffset?)null : time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    private sealed record ClaimRow(Guid TenantId, Guid WorkId, string Kind, string Subject, int Attempts);
}
