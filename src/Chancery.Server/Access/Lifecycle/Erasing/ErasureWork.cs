using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Work;
using Npgsql;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>What a piece of work in the queue says: which erasure.</summary>
internal sealed record ErasureSubject(Guid Erasure);

/// <summary>How an erasure is done.</summary>
internal sealed record ErasureOptions
{
    /// <summary>Rows that go in one transaction: few enough that nobody waits for a lock.</summary>
    public int BatchRows { get; init; } = 500;

    /// <summary>
    /// After everything is gone: by then no server remembers a sign-in or key of the organisation, and what was on its way has arrived, to
    /// be looked for once more.
    /// </summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Until what could not be reached is tried again.</summary>
    public TimeSpan Again { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>
/// Erases an organisation, some rows at a time. Interrupted anywhere it goes on, on whichever server: what is gone is gone and counted, in
/// one transaction.
/// </summary>
/// <remarks>The work is the installation's: the organisation's own queue goes with the organisation.</remarks>
internal sealed class ErasureWork(
    ErasureStore store,
    ErasureReceipts receipts,
    TenantDatabase database,
    Revocations revocations,
    RedisGateway redis,
    AuditTrail trail,
    IEnumerable<ITenantRemains> places,
    ErasureOptions options,
    TimeProvider time,
    ILogger<ErasureWork> logger
) : IWorkHandler
{
    public const string WorkKind = "erase-organization";

    /// <summary>Whose work it is.</summary>
    public static readonly TenantId Installation = new(AuditActor.Installation);

    public string Kind => WorkKind;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var id = item.SubjectAs<ErasureSubject>().Erasure;
        try
        {
            await RememberAsync(item, cancellationToken);
            if (await store.BeginAsync(id, time.GetUtcNow(), cancellationToken) is not { } standing)
            {
                return;
            }

            switch (standing.State)
            {
                case ErasureState.Ordered:
                    throw new WorkPostponedException(standing.BeginsAt - time.GetUtcNow());
                case ErasureState.Erasing:
                    await EraseAsync(id, standing.OrganizationId, cancellationToken);
                    await store.SettleAsync(id, cancellationToken);
                    throw new WorkPostponedException(options.Settle);
                case ErasureState.Settling:
                    await EraseAsync(id, standing.OrganizationId, cancellationToken);
                    await EndAsync(id, cancellationToken);
                    break;
            }
        }
        catch (Exception exception)
            when (exception is NpgsqlException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            Log.ErasureWaits(logger, id, exception.GetType().Name, exception);
            throw new WorkPostponedException(options.Again, exception);
        }
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        Log.ErasureGivenUp(logger, item.SubjectAs<ErasureSubject>().Erasure, lastFault);
        return Task.CompletedTask;
    }

    /// <summary>However often it was interrupted: it is tried until it is done.</summary>
    private async Task RememberAsync(WorkItem item, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(Installation, cancellationToken);
        await item.ProgressedAsync(session, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private async Task EraseAsync(Guid id, Guid organization, CancellationToken cancellationToken)
    {
        var tenant = new TenantId(organization);
        // Nobody's sign-in counts from here on, and nothing new comes.
        await revocations.TenantAsync(organization);
        while (await store.EraseRowsAsync(id, options.BatchRows, cancellationToken) > 0) { }

        if (!await store.IsErasedAsync(organization, cancellationToken))
        {
            // It came in again from an archive: what is here now is not what was to go.
            return;
        }

        foreach (var place in places)
        {
            var gone = await place.EraseAsync(tenant, cancellationToken);
            await store.CountAsync(id, place.Name, gone.Count, gone.Bytes, cancellationToken);
        }

        await revocations.ErasedAsync(organization);
        await EraseKeysAsync(id, tenant, cancellationToken);
    }

    /// <summary>Keys carry the organisation's id, in one of two ways of writing it.</summary>
    private async Task EraseKeysAsync(Guid id, TenantId tenant, CancellationToken cancellationToken)
    {
        long? removed = 0;
        foreach (var form in new[] { "n", "D" })
        {
            removed += await redis.RemoveAllWithAsync(tenant.Value.ToString(form), cancellationToken);
        }

        if (removed is null)
        {
            await store.WaitsAsync(id, "redis", cancellationToken);
            Log.ErasureWaits(logger, id, "Redis", null);
            throw new WorkPostponedException(options.Again);
        }

        await store.CountAsync(id, "redis keys", removed.Value, 0, cancellationToken);
        await store.WaitsAsync(id, null, cancellationToken);
    }

    private async Task EndAsync(Guid id, CancellationToken cancellationToken)
    {
        var row =
            await store.FindAsync(id, cancellationToken)
            ?? throw new InvalidOperationException($"There is no erasure {id}.");
        // As the database keeps it.
        var ended = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        var receipt = await receipts.SignAsync(row, ended, cancellationToken);
        if (!await store.EndAsync(id, ended, receipt, cancellationToken))
        {
            return;
        }

        Log.ErasureDone(logger, id);
        await trail.RecordAsync(
            new AuditEvent(AuditActor.Server(AuditActor.Installation), "organization.erased", AuditOutcome.Succeeded)
            {
                SubjectKind = "organization",
                SubjectId = row.OrganizationId.ToString(),
                Details = new AuditDetails().Add("erasure", id),
            }
        );
    }
}
