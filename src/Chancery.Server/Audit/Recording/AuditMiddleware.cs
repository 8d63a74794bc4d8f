using System.Globalization;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Audit.Recording;

/// <summary>
/// Records what routes say is to be recorded, and every refusal. Stands behind authentication, before everything that refuses.
/// </summary>
/// <remarks>An entry is written before the answer's first byte leaves, so that nobody has seen what is not on record.</remarks>
internal sealed class AuditMiddleware(
    RequestDelegate next,
    AuditTrail trail,
    RefusalCounter refusals,
    IAuditActors actors
)
{
    private const string RefusedRequest = "request.refused";

    public Task InvokeAsync(HttpContext context) =>
        actors.AlwaysRecordedAs(context) is { } action ? RecordAsync(context, new AuditName(action, null))
        : context.GetEndpoint()?.Metadata.GetMetadata<AuditName>() is { Action: not null } name
            ? RecordAsync(context, name)
        : WatchAsync(context);

    private async Task RecordAsync(HttpContext context, AuditName name)
    {
        var entry = new PendingEntry(this, context, name);
        context.Response.OnStarting(static entry => ((PendingEntry)entry).WriteAsync(), entry);
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // There will be no answer. What the handler did until then it did.
            entry.CallerLeft = true;
            await entry.WriteAsync();
            throw;
        }

        // Also where nobody is there any more to start an answer for.
        await entry.WriteAsync();
    }

    /// <summary>Nothing of what succeeds; a look at the status is all that it costs.</summary>
    private async Task WatchAsync(HttpContext context)
    {
        await next(context);
        if (context.Response.StatusCode is 401 or 403 or 404 or 429)
        {
            await RefusedAsync(context, RefusedRequest);
        }
    }

    private async Task RefusedAsync(HttpContext context, string action)
    {
        var status = context.Response.StatusCode;
        var reason = ReasonOf(context);
        if (ActorOf(context) is not { } actor)
        {
            // What strangers do not find is nobody's.
            if (status != 404)
            {
                refusals.Count(new(AuditActor.Stranger, RefusedRequest, status, reason, AddressOf(context), null));
            }

            return;
        }

        // Somebody looks for what is not there, or not theirs: nobody can tell which. Without an id it is a typing error.
        if (status == 404 && SubjectOf(context) is null)
        {
            return;
        }

        if (status == 404 || !refusals.StandsAlone(actor))
        {
            refusals.Count(new(actor, action, status, reason, AddressOf(context), null));
            return;
        }

        await trail.RecordAsync(EventOf(context, actor, action));
    }

    private async Task RecordedAsync(HttpContext context, AuditName name, bool callerLeft)
    {
        var action = name.Action!;
        var notes = context.Features.Get<AuditNotes>();
        if (notes?.IsSkipped == true)
        {
            return;
        }

        var status = callerLeft ? 499 : context.Response.StatusCode;
        var actor = name.OnlyWhenTold ? notes?.Actor : ActorOf(context);
        if (actor is null)
        {
            // What strangers may do changes nothing.
            if (status is 401 or 403 or 429)
            {
                await RefusedAsync(context, action);
            }

            return;
        }

        // What was refused may be counted. What broke off may have been done: it stands alone, with its subject.
        if (status is >= 400 and < 499 && !refusals.StandsAlone(actor))
        {
            refusals.Count(new(actor, action, status, ReasonOf(context), AddressOf(context), null));
            return;
        }

        var happened = EventOf(context, actor, action);
        await trail.RecordAsync(callerLeft ? happened with { Status = 499, Outcome = AuditOutcome.Failed } : happened);
        if (TenantTouchedBy(happened) is { } tenant)
        {
            // An organisation sees in its own record what the operator did to it.
            await trail.RecordAsync(happened with { Actor = actor with { Tenant = tenant } });
        }
    }

    private static AuditEvent EventOf(HttpContext context, AuditActor actor, string action)
    {
        var notes = context.Features.Get<AuditNotes>();
        var status = context.Response.StatusCode;
        var subject = notes?.Subject?.ToString() ?? SubjectOf(context);
        var details = notes?.Details ?? new AuditDetails();
        if (action == RefusedRequest)
        {
            details.Add("route", RouteOf(context));
        }

        details.Add("credential", actor.RefusedBecause);
        if (context.Request.RouteValues.Count > 1)
        {
            AddOthers(context, details);
        }

        return new AuditEvent(actor, action, AuditOutcome.Of(status))
        {
            Status = status,
            Reason = ReasonOf(context),
            SubjectKind = action == RefusedRequest ? null : action.Split('.')[0],
            SubjectId = subject,
            Address = context.Connection.RemoteIpAddress?.ToString(),
            TraceId = FaultHandler.TraceIdOf(context),
            Details = details,
        };
    }

    private AuditActor? ActorOf(HttpContext context) => context.Features.Get<AuditNotes>()?.Actor ?? actors.Of(context);

    private static Guid? TenantTouchedBy(AuditEvent happened) =>
        happened is { Actor.Kind: ActorKind.Operator, SubjectKind: "organization", Outcome: AuditOutcome.Succeeded }
        && Guid.TryParse(happened.SubjectId, out var tenant)
            ? tenant
            : null;

    private static string? ReasonOf(HttpContext context) =>
        context.Response.StatusCode < 400 ? null
        : context.Features.Get<AnsweredProblem>()?.Code is { } code ? code
        : null;

    /// <summary>The address's <c>id</c>; or the last id in the Location of what was made.</summary>
    private static string? SubjectOf(HttpContext context)
    {
        if (context.Request.RouteValues.TryGetValue("id", out var id) && IdOf(id) is { } named)
        {
            return named;
        }

        var location = context.Response.Headers.Location.ToString();
        return
            location.Length > 36
            && Guid.TryParse(location.AsSpan(location.LastIndexOf('/') + 1), CultureInfo.InvariantCulture, out var made)
            ? made.ToString()
            : null;
    }

    /// <summary>Other ids in the address, such as a group's member. Words there may be anybody's: they stay out.</summary>
    private static void AddOthers(HttpContext context, AuditDetails details)
    {
        foreach (var (name, value) in context.Request.RouteValues)
        {
            if (name != "id" && IdOf(value) is { } id)
            {
                details.Add(name, id);
            }
        }
    }

    private static string? IdOf(object? value) =>
        Guid.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture, out var id)
            ? id.ToString()
            : null;

    private static string? RouteOf(HttpContext context) =>
        (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } pattern
            ? $"{context.Request.Method} {pattern}"
            : null;

    private static string AddressOf(HttpContext context) =>
        RefusalCounter.NetworkOf(context.Connection.RemoteIpAddress);

    /// <summary>Written once: as the answer starts, or when it is clear that none will.</summary>
    private sealed class PendingEntry(AuditMiddleware middleware, HttpContext context, AuditName name)
    {
        private int _written;

        public bool CallerLeft { get; set; }

        public Task WriteAsync() =>
            Interlocked.Exchange(ref _written, 1) == 0
                ? middleware.RecordedAsync(context, name, CallerLeft)
                : Task.CompletedTask;
    }
}
