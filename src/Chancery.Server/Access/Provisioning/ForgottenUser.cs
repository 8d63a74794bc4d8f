using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Provisioning;

/// <summary>What a directory said of somebody who leaves is erased.</summary>
internal sealed class ForgottenUser : IMemberRemoved
{
    public Task RemovedAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        ScimStore.ForgetUserAsync(session, userId, cancellationToken);
}
