using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Limits.Alerts;

/// <summary>An alert on its way.</summary>
/// <param name="To">One of the constants.</param>
/// <param name="Alert">The body as it is sent.</param>
internal sealed record AlertWork(string To, JsonElement Alert)
{
    /// <summary>Stored with what is on its way: it stays what it was when only limits had alerts.</summary>
    public const string Kind = "limit-alert";
    public const string Operator = "operator";
    public const string Organisation = "organization";
}

/// <summary>Puts alerts on their way, in the transaction that makes true what they tell of. Safe for concurrent use.</summary>
internal sealed class AlertQueue(WorkQueue queue, AlertSettings settings)
{
    private const string WantsSql = "SELECT EXISTS (SELECT 1 FROM alert_webhooks WHERE tenant_id = @tenant)";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>An alert as it is sent.</summary>
    public static JsonElement BodyOf(IAlert alert) => JsonSerializer.SerializeToElement(alert, alert.GetType(), Json);

    /// <summary>Tells the organisation, where it wants to be told; wake the queue once the transaction is committed.</summary>
    /// <exception cref="ArgumentException">It is about another organisation than the session's.</exception>
    public async Task TellAsync(TenantSession session, IAlert alert, CancellationToken cancellationToken)
    {
        if (alert.OrganizationId != session.Tenant.Value)
        {
            throw new ArgumentException("An alert goes to the organisation that it is about.", nameof(alert));
        }

        if (await session.FindAsync<bool>(WantsSql, new { tenant = session.Tenant.Value }, cancellationToken))
        {
            await EnqueueAsync(session, AlertWork.Organisation, alert, cancellationToken);
        }
    }

    /// <summary>The same, and the operator, where one wants to be told of every organisation.</summary>
    /// <exception cref="ArgumentException">It is about another organisation than the session's.</exception>
    public async Task TellAllAsync(TenantSession session, IAlert alert, CancellationToken cancellationToken)
    {
        if (settings.Webhook is not null)
        {
            await EnqueueAsync(session, AlertWork.Operator, alert, cancellationToken);
        }

        await TellAsync(session, alert, cancellationToken);
    }

    public Task WakeAsync() => queue.WakeAsync();

    private Task EnqueueAsync(TenantSession session, string to, IAlert alert, CancellationToken cancellationToken) =>
        queue.EnqueueAsync(session, AlertWork.Kind, new AlertWork(to, BodyOf(alert)), cancellationToken);
}
