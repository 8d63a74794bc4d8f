using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Live;
using Chancery.Server.Audit.People;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Auditing;

/// <summary>Whoever leaves is named in the record no more; what they did stays, under their id.</summary>
internal sealed class ErasedMember(ChainWriter writer, LiveStream live, TimeProvider time) : IMemberRemoved
{
    public async Task RemovedAsync(TenantSession session, Guid userId, CancellationToken cancellationToken)
    {
        // What waits is linked first, so that the record says of it, too, that somebody was named and is erased.
        await writer.LinkAsync(session.Tenant.Value, cancellationToken);
        await PeopleErasure.EraseAsync(session, userId, time.GetUtcNow(), cancellationToken);
        // Nothing that is linked from here on names them; whoever watches is told from the table what is gone here.
        await live.ForgetAsync(session.Tenant.Value);
    }
}
