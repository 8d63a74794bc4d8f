using Chancery.Server.Access.SignIn;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Sessions;

/// <summary>
/// How many sign-ins of their own a person may have at once, over all of their organisations; those by an organisation's own
/// issuer count in that one, by themselves. Programs that act for somebody, and keys, take none. Safe for concurrent use.
/// </summary>
internal sealed class SessionPlaces(
    PeopleStore people,
    SessionStore store,
    Revocations revocations,
    AccessSettings settings,
    TimeProvider time
)
{
    // Waits until whoever signs this person in just now is done, so that many at once find as many places as there are.
    private const string TakeSql = """
        SELECT tenant_id, session_id, ended
        FROM door_take_place(@userId, @most, @oldestGivesWay, @replaced, @now, @confinedTo)
        """;

    private const string HoldSql = """
        UPDATE sessions SET idle_seconds = @idleSeconds, expires_at = LEAST(expires_at, @expiresAt)
        WHERE tenant_id = @tenant AND session_id = @sessionId
        """;

    /// <param name="Sessions">Those that gave way, of any tenant; or, where none did, those that have all places.</param>
    internal sealed record Place(bool IsFree, IReadOnlyList<(TenantId Tenant, Guid Session)> Sessions);

    private sealed record Row(Guid TenantId, Guid SessionId, bool Ended);

    /// <summary>Makes sure of a place in the running transaction, which ends with a session in it or not at all.</summary>
    /// <param name="replaced">A session of theirs that ends with this; null for none.</param>
    /// <param name="confined">Whether the sign-in counts in the bound tenant only (<see cref="Principal.IsConfined"/>).</param>
    /// <param name="mustComeIn">The oldest give way, whatever the setting says.</param>
    public async Task<Place> TakeAsync(
        TenantSession session,
        Guid userId,
        Guid? replaced,
        bool mustComeIn,
        CancellationToken cancellationToken,
        bool confined = false
    )
    {
        if (settings.MaxSessions == 0)
        {
            return new Place(IsFree: true, []);
        }

        var rows = await session.QueryAsync<Row>(
            TakeSql,
            new
            {
                userId,
                most = settings.MaxSessions,
                oldestGivesWay = mustComeIn || settings.OldestSessionGivesWay,
                replaced,
                now = time.GetUtcNow(),
                confinedTo = confined ? session.Tenant.Value : (Guid?)null,
            },
            cancellationToken
        );
        return new Place(
            rows.All(row => row.Ended),
            [.. rows.Select(row => (new TenantId(row.TenantId), row.SessionId))]
        );
    }

    /// <summary>Lets a session that was just written take the place, and end by itself when it is not used.</summary>
    public async Task HoldAsync(TenantSession session, OpenedSession opened, CancellationToken cancellationToken) =>
        await session.ExecuteAsync(
            HoldSql,
            new
            {
                tenant = session.Tenant.Value,
                sessionId = opened.Principal.SessionId,
                idleSeconds = (int)settings.SessionIdle.TotalSeconds,
                expiresAt = time.GetUtcNow() + settings.SessionIdle,
            },
            cancellationToken
        );

    /// <summary>After the commit: those that gave way stop on every replica.</summary>
    public async Task TellAsync(Place place)
    {
        foreach (var (tenant, ended) in place.Sessions)
        {
            await revocations.SessionAsync(tenant, ended);
        }
    }

    /// <summary>Why nobody comes in, with the sessions of which one has to end.</summary>
    public async Task<Outcome.Refused> RefuseAsync(Guid userId, Place place, CancellationToken cancellationToken)
    {
        var holders = place.Sessions.Select(one => one.Session).ToHashSet();
        var now = time.GetUtcNow();
        var open = new List<OpenSession>();
        foreach (var tenant in await people.TenantsOfAsync(userId, cancellationToken))
        {
            var rows = await store.ListAsync(new(tenant.Id), userId, now, after: null, 100, cancellationToken);
            open.AddRange(
                rows.Where(row => holders.Contains(row.SessionId))
                    .Select(row => new OpenSession(
                        row.SessionId,
                        DeviceName.Of(row.Device),
                        tenant.Name,
                        row.CreatedAt,
                        row.LastSeenAt
                    ))
            );
        }

        return Outcome.Of(Problem.TooManySessions(settings.MaxSessions, [.. open.OrderBy(one => one.LastSeenAt)]));
    }
}

/// <summary>A sign-in that may be ended to make room for another.</summary>
/// <param name="Device">In a person's words: <c>Firefox on Linux</c>.</param>
public sealed record OpenSession(
    Guid Id,
    string Device,
    string TenantName,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastSeenAt
);
