using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>What an order of erasure ends in.</summary>
internal abstract record ErasureOutcome
{
    private ErasureOutcome() { }

    public sealed record Ordered(ErasureRow Erasure) : ErasureOutcome;

    public sealed record NotFound : ErasureOutcome;

    /// <summary>The name that was typed is not the organisation's.</summary>
    public sealed record OtherName : ErasureOutcome;

    public sealed record NotSuspended : ErasureOutcome;

    public sealed record OrderedAlready : ErasureOutcome;
}

/// <summary>Orders erasures and takes them back. Safe for concurrent use.</summary>
internal sealed class Erasures(
    ErasureStore store,
    TenantDatabase database,
    WorkQueue queue,
    OwnerLetters letters,
    TimeProvider time
)
{
    /// <param name="name">The organisation's, typed again.</param>
    /// <param name="grace">How long the order can be taken back.</param>
    /// <param name="keptDays">How long the installation's archives are kept; null where nobody says.</param>
    /// <param name="letter">What all owners hear of an order that begins then; null for nothing.</param>
    public async Task<ErasureOutcome> OrderAsync(
        Guid tenant,
        string name,
        ErasureOrder order,
        TimeSpan grace,
        int? keptDays,
        Func<DateTimeOffset, OwnerLetter>? letter,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var (refused, id) = await PlaceAsync(
            database,
            tenant,
            name,
            order,
            now,
            grace,
            keptDays,
            session =>
                letter is null
                    ? Task.CompletedTask
                    : letters.QueueAsync(session, new TenantId(tenant), letter(now + grace), cancellationToken),
            cancellationToken
        );
        if (refused is not null)
        {
            return refused;
        }

        await queue.WakeAsync();
        return new ErasureOutcome.Ordered((await store.FindAsync(id, cancellationToken))!);
    }

    /// <summary>Puts the order down, and its work into the queue; why not where that cannot be.</summary>
    /// <param name="tell">Tells of it, in the same transaction.</param>
    internal static async Task<(ErasureOutcome? Refused, Guid Id)> PlaceAsync(
        TenantDatabase database,
        Guid tenant,
        string name,
        ErasureOrder order,
        DateTimeOffset now,
        TimeSpan grace,
        int? keptDays,
        Func<TenantSession, Task>? tell,
        CancellationToken cancellationToken
    )
    {
        var id = Guid.CreateVersion7(now);
        await using var session = await database.OpenAsync(ErasureWork.Installation, cancellationToken);
        var said = await ErasureStore.OrderAsync(
            session,
            id,
            tenant,
            name,
            order,
            now,
            now + grace,
            keptDays,
            cancellationToken
        );
        if (said != "ordered")
        {
            return (
                said switch
                {
                    "not-found" => new ErasureOutcome.NotFound(),
                    "other-name" => new ErasureOutcome.OtherName(),
                    "not-suspended" => new ErasureOutcome.NotSuspended(),
                    _ => new ErasureOutcome.OrderedAlready(),
                },
                id
            );
        }

        await WorkQueue.EnqueueAsync(session, ErasureWork.WorkKind, new ErasureSubject(id), now, cancellationToken);
        if (tell is not null)
        {
            await tell(session);
        }

        await session.CommitAsync(cancellationToken);
        return (null, id);
    }

    /// <summary>
    /// <c>cancelled</c>; <c>not-found</c> where none is ordered, <c>begun</c> where it is too late, <c>operators</c> where an owner cannot.
    /// </summary>
    /// <remarks>The work in the queue finds nothing to do at its time.</remarks>
    /// <param name="by">Who takes it back, as the owners read it.</param>
    public Task<string> CancelAsync(Guid tenant, string kind, string by, CancellationToken cancellationToken) =>
        CancelAsync(database, letters, tenant, kind, by, time.GetUtcNow(), cancellationToken);

    internal static async Task<string> CancelAsync(
        TenantDatabase database,
        OwnerLetters letters,
        Guid tenant,
        string kind,
        string by,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(ErasureWork.Installation, cancellationToken);
        var said = await ErasureStore.CancelAsync(session, tenant, kind, now, cancellationToken);
        if (said != "cancelled")
        {
            return said;
        }

        if (await ErasureStore.IsNewestOfOwnerAsync(session, tenant, cancellationToken))
        {
            // They heard of the order.
            await letters.QueueAsync(
                session,
                new TenantId(tenant),
                new OwnerLetter(
                    "Your organisation is not going to be erased",
                    $"""
                    {by} took the order back to erase your organisation ({tenant}). Nothing of it was erased.

                    """
                ),
                cancellationToken
            );
        }

        await session.CommitAsync(cancellationToken);
        return said;
    }
}
