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

    /// <param name="waits">Whether to answer only when the owners' letters went.</param>
    public async Task<Opened> OpenAsync(
        TenantId tenant,
        OperatorVisit visit,
        string reason,
        TimeSpan life,
        bool waits,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var expires = now + life;
        if (await store.InsertAsync(tenant, id, visit, reason, now, expires, cancellationToken) is { } refused)
        {
            return new Opened(refused, id, expires, "");
        }

        var token = await tokens.IssueBreakGlassAsync(tenant, id, expires, cancellationToken);
        const string subject = "The operator opened your organisation's documents";
        var text = $"""
            {visit.Name}, who operates {settings.PublicUrl}, opened your organisation's documents and contracts for reading, until
            {expires.UtcDateTime:yyyy-MM-dd HH:mm} UTC. The reason given:

            {reason}

            What is read is in your record. You can end it at once, under "The operator's access" in your organisation's settings:

            {settings.PublicUrl}/settings

            """;
        await (
            waits
                ? letters.SendNowAsync(tenant, subject, text, cancellationToken)
                : letters.SendAsync(tenant, subject, text, cancellationToken)
        );
        return new Opened(null, id, expires, token);
    }

    /// <summary>False when there is no such access.</summary>
    /// <param name="by"><c>operator</c> or <c>organization</c>.</param>
    public Task<bool> EndAsync(TenantId tenant, Guid id, string by, CancellationToken cancellationToken) =>
        store.EndAsync(tenant, id, by, time.GetUtcNow(), cancellationToken);
}
