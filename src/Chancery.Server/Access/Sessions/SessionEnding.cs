using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Sessions;

/// <summary>Ends a person's sign-ins in all of their organisations, on every replica. Safe for concurrent use.</summary>
internal sealed class SessionEnding(
    PeopleStore people,
    Revocations revocations,
    TenantDatabase database,
    TimeProvider time
)
{
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
