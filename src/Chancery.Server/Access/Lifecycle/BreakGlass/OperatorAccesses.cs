using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;

namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>Opens and ends operators' accesses. Safe for concurrent use.</summary>
internal sealed class OperatorAccesses(
    OperatorAccessStore store,
    AccessTokens tokens,
    OwnerLetters letters,
    AccessSettings settings,
    TimeProvider time
)
{
    /// <param name="Refused">The organisation's status, or an empty text where there is none; null when it is open.</param>
    public sealed record Opened(string? Refused, Guid AccessId, DateTimeOffset ExpiresAt, string Token);

    /// <summary>Opens one, and puts letters to the owners on their way, both or neither.</summary>
    public async Task<Opened> OpenAsync(
        TenantId tenant,
        OperatorVisit visit,
        string reason,
        TimeSpan life,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var expires = now + life;
        var letter = new OwnerLetter(
            "The operator opened your organisation's documents",
            $"""
            {visit.Name}, who operates {settings.PublicUrl}, opened your organisation's documents and contracts for reading, until
            {expires.UtcDateTime:yyyy-MM-dd HH:mm} UTC. The reason given:

            {reason}

            What is read is in your record. You can end it at once, under "The operator's access" in your organisation's settings:

            {settings.PublicUrl}/settings

            """
        );
        return
            await store.InsertAsync(
                tenant,
                id,
                visit,
                reason,
                now,
                expires,
                session => letters.QueueAsync(session, tenant, letter, cancellationToken),
                cancellationToken
            )
                is { } refused
            ? new Opened(refused, id, expires, "")
            : new Opened(null, id, expires, await tokens.IssueBreakGlassAsync(tenant, id, expires, cancellationToken));
    }

    /// <summary>False when there is no such access.</summary>
    /// <param name="by"><c>operator</c> or <c>organization</c>.</param>
    public Task<bool> EndAsync(TenantId tenant, Guid id, string by, CancellationToken cancellationToken) =>
        store.EndAsync(tenant, id, by, time.GetUtcNow(), cancellationToken);
}
