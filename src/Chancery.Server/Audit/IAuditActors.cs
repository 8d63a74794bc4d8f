using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Audit;

/// <summary>Who a request is from. Whoever checks credentials says so; the record itself checks none.</summary>
public interface IAuditActors
{
    /// <summary>
    /// Whoever the request's credential was verified to be, also where it no longer counts
    /// (<see cref="AuditActor.RefusedBecause"/>); null for a stranger. From memory, and never fails.
    /// </summary>
    public AuditActor? Of(HttpContext context);

    /// <summary>What every call of such a caller is recorded as, whatever the route says; null for all others.</summary>
    public string? AlwaysRecordedAs(HttpContext context);

    /// <summary>Whether whoever sent the request may still read the record, for answers that go on for long.</summary>
    public ValueTask<bool> MayStillReadAsync(HttpContext context, CancellationToken cancellationToken);

    /// <summary>The organisations of a person, in whose records it stands that somebody failed to sign in as them.</summary>
    public Task<IReadOnlyList<Guid>> TenantsOfAsync(Guid person, CancellationToken cancellationToken);
}
