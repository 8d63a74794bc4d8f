using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>Ends a client with every sign-in that people gave it, on every replica. Safe for concurrent use.</summary>
internal sealed class ClientEnding(TenantDatabase database, Revocations revocations, TimeProvider time)
{
    /// <summary><c>false</c> when the tenant has no such client.</summary>
    public async Task<bool> EndAsync(TenantId tenant, Guid client, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (!await ClientStore.RevokeAsync(session, client, now, cancellationToken))
        {
            return false;
        }

        var ended = await SessionStore.RevokeOfClientAsync(session, client.ToString(), now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        await revocations.ClientAsync(tenant, client, ended);
        return true;
    }
}
