using Serilog.Core;
using Serilog.Events;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>Says on each line which request, tenant and principal it belongs to, where that is known.</summary>
/// <remarks><c>trace_id</c> comes from the running activity and is written by the formatter.</remarks>
public sealed class Correlation(IHttpContextAccessor requests) : ILogEventEnricher
{
    internal const string RequestId = "request_id";

    // As the access token names them; the other credentials fill the same claims.
    private const string TenantClaim = "tenant_id";
    private const string PrincipalClaim = "sub";

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (requests.HttpContext is not { } context)
        {
            return;
        }

        Add(logEvent, RequestId, context.TraceIdentifier);
        Add(logEvent, TenantClaim, context.User.FindFirst(TenantClaim)?.Value);
        Add(logEvent, "principal_id", context.User.FindFirst(PrincipalClaim)?.Value);
    }

    private static void Add(LogEvent logEvent, string name, string? value)
    {
        if (value is not null)
        {
            logEvent.AddPropertyIfAbsent(new LogEventProperty(name, new ScalarValue(value)));
        }
    }
}
