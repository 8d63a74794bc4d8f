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
    /// <param name="only">Only in this organisation; null for all of theirs.</param>
    public async Task<bool> EndAsync(
        Guid userId,
        Guid sessionId,
        CancellationToken cancellationToken,
        TenantId? only = null
    )
    {
        foreach (var tenant in await TenantsOfAsync(userId, only, cancellationToken))
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
    /// <param name="only">Only in this organisation; null for all of theirs.</param>
    public async Task EndAllAsync(Guid userId, Guid? except, CancellationToken cancellationToken, TenantId? only = null)
    {
        foreach (var tenant in await TenantsOfAsync(userId, only, cancellationToken))
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

    private async Task<IEnumerable<SignIn.TenantView>> TenantsOfAsync(
        Guid userId,
        TenantId? only,
        CancellationToken cancellationToken
    ) =>
        (await people.TenantsOfAsync(userId, cancellationToken)).Where(tenant =>
            only is not { } one || tenant.Id == one.Value
        );
}
