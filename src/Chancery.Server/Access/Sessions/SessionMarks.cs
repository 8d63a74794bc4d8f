using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Access.Sessions;

/// <summary>
/// People's open sign-ins by name in Redis, <c>{tenant}:user_sessions:{user}:{session}</c>, each for as long as it may go unused, for
/// whoever counts them there. PostgreSQL decides what counts; a lost mark comes back with the next use. Safe for concurrent use.
/// </summary>
internal sealed class SessionMarks(RedisGateway redis, TimeProvider time)
{
    /// <summary>Without waiting: nothing here depends on it. Programs that act for somebody are no sign-ins of theirs.</summary>
    public void Note(SessionState state)
    {
        var left = state.ExpiresAt - time.GetUtcNow();
        if (state.ClientId is null && left > TimeSpan.Zero)
        {
            _ = redis.SetAsync(NameOf(state), state.Kind, left);
        }
    }

    public void Forget(SessionState state)
    {
        if (state.ClientId is null)
        {
            _ = redis.RemoveAsync(NameOf(state));
        }
    }

    private static string NameOf(SessionState state) =>
        $"{state.TenantId}:user_sessions:{state.UserId}:{state.SessionId}";
}
