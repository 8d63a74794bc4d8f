using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Sessions;

/// <summary>Ends a person's sign-ins in all of their organisations, on every replica. Safe for concurrent use.</summary>
internal sealed class SessionEnding(
    PeopleStore people,
    SessionStore store,
    Revocations revocations,
    TenantDatabase database,
    TimeProvider time
)
{
    /// <summary>Ends one of them; <c>false</c> when the person has no such sign-in.</summary>
    public async Task<bool> EndAsync(Guid userId, Guid sessionId, CancellationToken cancellationToken)
    {
        foreach (var tenant in await people.TenantsOfAsync(userId, cancellationToken))
        {
            var id = new TenantId(tenant.Id);
            if (await store.RevokeOwnAsync(id, userId, sessionId, time.GetUtcNow(), cancellationToken))
            {
                await revocations.SessionAsync(id, sessionId);
                return true;
            }
        }

        return false;
    }

    /// <param name="except">The one that stays; null for none.</param>
    public async Task EndAllAsync(Guid userId, Guid? except, CancellationToken cancellationToken)
    {
        foreach (var tenant in await people.TenantsOfAsync(userId, cancellationToken))
        {
            var id = new TenantId(tenant.Id);
            await using var session = await database.OpenAsync(id, cancellationToken);
            var ended = await SessionStore.RevokeOfUserAsync(
                session,
                userId,
                except,
                time.GetUtcNow(),
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
            await revocations.SessionsAsync(id, userId, ended);
        }
    }
}
