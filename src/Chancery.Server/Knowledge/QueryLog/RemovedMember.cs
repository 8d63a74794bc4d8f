using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>
/// Erases what a removed member searched for, by the keys that they made, too. Without their id it would not be anonymous: words
/// tell who asked. And they could not delete it themselves any more.
/// </summary>
internal sealed class RemovedMember : IMemberRemoved
{
    public async Task RemovedAsync(TenantSession session, Guid userId, CancellationToken cancellationToken)
    {
        await session.AllowLongStatementsAsync(cancellationToken);
        await QueryStore.EraseOfUserAsync(session, userId, cancellationToken);
    }
}
