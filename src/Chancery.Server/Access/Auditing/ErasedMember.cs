using Chancery.Server.Audit.Live;
using Chancery.Server.Audit.People;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Auditing;

/// <summary>Whoever leaves is named in the record no more; what they did stays, under their id.</summary>
internal sealed class ErasedMember(LiveStream live, TimeProvider time) : IMemberRemoved
{
    public async Task RemovedAsync(TenantSession session, Guid userId, CancellationToken cancellationToken)
    {
        await PeopleErasure.EraseAsync(session, userId, time.GetUtcNow(), cancellationToken);
        // Nothing that is linked from here on names them; whoever watches is told from the table what is gone here.
        await live.ForgetAsync(session.Tenant.Value);
    }
}
