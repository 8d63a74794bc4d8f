using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Blobs;
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

    /// <summary>
    /// How long it is looked for what came later still: a write that was held up for hours. First after <see cref="FirstSweep"/>, then
    /// whenever as much time again has passed, and once a day at least.
    /// </summary>
    public TimeSpan SweepFor { get; init; } = TimeSpan.FromDays(7);

    public TimeSpan FirstSweep { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Until what could not be reached is tried again.</summary>
    public TimeSpan Again { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>
/// Erases an organisation, some rows at a time. Interrupted anywhere it goes on, on whichever server: what is gone is gone and counted, in
/// one transaction. No archive is written of the installation or the organisation while something goes.
/// </summary>
/// <remarks>The work is the installation's: the organisation's own queue goes with the organisation.</remarks>
internal sealed class ErasureWork(
    ErasureStore store,
    ErasureReceipts receipts,
    TenantDatabase database,
    Revocations revocations,
    RedisGateway redis,
    ImportMarks imports,
    AuditTrail trail,
    OwnerLetters letters,
    AccessSettings settings,
    IEnumerable<ITenantRemains> places,
    ErasureOptions options,
    TimeProvider time,
    ILogger<ErasureWork> logger
) : IWorkHandler
{
    public const string WorkKind = "erase-organization";

    private const string RedisKeys = "redis keys";

    // The transaction does nothing but hold two locks, as long as it takes.
    private const string StayOpenSql = "SET LOCAL idle_in_transaction_session_timeout = 0";

    /// <summary>Whose work it is.</summary>
    public static readonly TenantId Installation = new(AuditActor.Installation);

    public string Kind => WorkKind;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        if (item.Tenant != Installation)
        {
            // Nobody in an organisation orders by what stands in its queue.
            return;
        }

        var id = item.SubjectAs<ErasureSubject>().Erasure;
        try
        {
            await RememberAsync(item, cancellationToken);
            if (
                await store.BeginAsync(id, time.GetUtcNow(), letters.IsPossible ? EndOf(id) : null, cancellationToken)
                is not { } standing
            )
            {
                return;
            }

            switch (standing.State)
            {
                case ErasureState.Ordered:
                    throw new WorkPostponedException(standing.BeginsAt - time.GetUtcNow());
                case ErasureState.Erasing:
                    await using (await HoldOffArchivesAsync(id, standing.OrganizationId, cancellationToken))
                    {
                        await EraseAsync(id, standing.OrganizationId, cancellationToken);
                    }

                    await store.SettleAsync(id, cancellationToken);
                    throw new WorkPostponedException(options.Settle);
                case ErasureState.Settling:
                    await using (await HoldOffArchivesAsync(id, standing.OrganizationId, cancellationToken))
                    {
                        await EraseAsync(id, standing.OrganizationId, cancellationToken);
                        await EndAsync(id, cancellationToken);
                    }

                    throw new WorkPostponedException(options.FirstSweep);
                case ErasureState.Done:
                    await SweepAsync(id, standing.OrganizationId, cancellationToken);
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

    private OwnerLetter EndOf(Guid id) =>
        new(
            "Your organisation was erased",
            $$"""
            {organization} was erased from {{settings.PublicUrl}} for good, with all that was in it, as one of its owners had ordered.

            Whoever runs the installation has the signed receipt. It is the one of the erasure {{id}}.

            """
        );

    /// <summary>However often it was interrupted: it is tried until it is done.</summary>
    private async Task RememberAsync(WorkItem item, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(Installation, cancellationToken);
        await item.ProgressedAsync(session, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// Until it is disposed no backup begins, and no export of the organisation: an archive that is being written names files, and the
    /// receipt says that all that hold the organisation were made before.
    /// </summary>
    private async Task<TenantSession> HoldOffArchivesAsync(
        Guid id,
        Guid organization,
        CancellationToken cancellationToken
    )
    {
        var session = await database.OpenAsync(new TenantId(organization), cancellationToken);
        try
        {
            await session.ExecuteAsync(StayOpenSql, null, cancellationToken);
            if (await BlobSweep.HoldOffArchivesAsync(session, cancellationToken))
            {
                return session;
            }
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        await session.DisposeAsync();
        await store.WaitsAsync(id, "backup", cancellationToken);
        throw new WorkPostponedException(options.Again);
    }

    /// <summary>Removes what came late, and signs the receipt with it.</summary>
    private async Task SweepAsync(Guid id, Guid organization, CancellationToken cancellationToken)
    {
        // Files of an organisation that comes in again are there before its rows.
        using var noImport = imports.TryHoldOff(new TenantId(organization));
        if (noImport is null)
        {
            throw new WorkPostponedException(options.Again);
        }

        if (
            !await store.IsErasedAsync(organization, cancellationToken)
            // What is left of a second life is counted in the receipt of its own end.
            || await store.IsErasedAnewAsync(id, organization, cancellationToken)
        )
        {
            await SignAnewAsync((await store.FindAsync(id, cancellationToken))!, cancellationToken);
            return;
        }

        await using (await HoldOffArchivesAsync(id, organization, cancellationToken))
        {
            await EraseAsync(id, organization, cancellationToken);
        }

        var row = (await store.FindAsync(id, cancellationToken))!;
        await SignAnewAsync(row, cancellationToken);
        var since = time.GetUtcNow() - row.EndedAt!.Value;
        if (since < options.SweepFor)
        {
            throw new WorkPostponedException(Between(options.FirstSweep, since, TimeSpan.FromDays(1)));
        }
    }

    /// <summary>Signs the receipt with what came to it since; leaves it where nothing did.</summary>
    private async Task SignAnewAsync(ErasureRow row, CancellationToken cancellationToken)
    {
        if (row.IsUnsigned)
        {
            await store.AmendAsync(
                row.ErasureId,
                await receipts.SignAsync(row, row.EndedAt!.Value, cancellationToken),
                cancellationToken
            );
            Log.ErasureAmended(logger, row.ErasureId);
        }
    }

    private static TimeSpan Between(TimeSpan least, TimeSpan wanted, TimeSpan most) =>
        wanted < least ? least
        : wanted > most ? most
        : wanted;

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
            await store.OpenPlaceAsync(id, place.Name, cancellationToken);
            var gone = await place.EraseAsync(tenant, cancellationToken);
            await store.CountAsync(id, place.Name, gone.Count, gone.Bytes, cancellationToken);
        }

        await revocations.ErasedAsync(organization);
        await EraseKeysAsync(id, tenant, cancellationToken);
    }

    /// <summary>Keys carry the organisation's id, in one of two ways of writing it.</summary>
    private async Task EraseKeysAsync(Guid id, TenantId tenant, CancellationToken cancellationToken)
    {
        await store.OpenPlaceAsync(id, RedisKeys, cancellationToken);
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

        await store.CountAsync(id, RedisKeys, removed.Value, 0, cancellationToken);
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
