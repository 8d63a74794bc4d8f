namespace Chancery.Server.Access.Sessions;

/// <summary>Whether a session still counts, from this process's memory for at most 20 seconds. Safe for concurrent use.</summary>
/// <remarks>
/// Revocations empty it at once (<see cref="Revocations"/>); with Redis gone other replicas' revocations act when the
/// entry is over, which together with a slow read stays under 30 seconds. Only sessions that count are kept.
/// </remarks>
internal sealed class SessionDirectory(
    SessionStore store,
    SessionMarks marks,
    AccessSettings settings,
    TimeProvider time
)
{
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan SlideAtMostEvery = TimeSpan.FromHours(1);

    private readonly TimeSpan _slideEvery =
        settings.SessionIdle / 12 < SlideAtMostEvery ? settings.SessionIdle / 12 : SlideAtMostEvery;

    private readonly ExpiringCache<Guid, SessionState> _cache = new(time, Life, capacity: 20_000);

    /// <summary>The session, or <c>null</c> when it is unknown, revoked or over, or its person is no longer a member.</summary>
    public async ValueTask<SessionState?> FindAsync(Guid sessionId, CancellationToken cancellationToken)
    {
        if (!_cache.TryGet(sessionId, out var state))
        {
            var generation = _cache.Generation;
            if (await store.FindAsync(sessionId, cancellationToken) is not { } found)
            {
                return null;
            }

            state = found;
            _cache.Set(sessionId, state, generation);
            marks.Note(state);
        }

        var now = time.GetUtcNow();
        return state.ExpiresAt <= now ? null : state;
    }

    /// <summary>A sign-in lasts as long as it is used; noted twelve times in the time that it may go unused.</summary>
    public async ValueTask SlideAsync(SessionState state, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - state.LastSeenAt < _slideEvery)
        {
            return;
        }

        _cache.Drop(state.SessionId);
        await store.SlideAsync(
            new Platform.Database.TenantId(state.TenantId),
            state.SessionId,
            now,
            now + settings.RefreshLife,
            cancellationToken
        );
    }

    public void Drop(Guid sessionId)
    {
        if (_cache.TryGet(sessionId, out var state))
        {
            marks.Forget(state);
        }

        _cache.Drop(sessionId);
    }

    public void DropOfTenant(Guid tenantId) => DropWhere(state => state.TenantId == tenantId);

    public void DropOfClient(Guid tenantId, string client) =>
        DropWhere(state => state.TenantId == tenantId && state.ClientId == client);

    public void DropOfUser(Guid tenantId, Guid userId) =>
        DropWhere(state => state.UserId == userId && state.TenantId == tenantId);

    // Those that go on are marked anew at their next use.
    private void DropWhere(Func<SessionState, bool> condition) =>
        _cache.DropWhere(state =>
        {
            var drops = condition(state);
            if (drops)
            {
                marks.Forget(state);
            }

            return drops;
        });
}
