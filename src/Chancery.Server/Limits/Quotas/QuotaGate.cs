using System.Diagnostics.Metrics;
using Chancery.Server.Access;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Npgsql;

namespace Chancery.Server.Limits.Quotas;

/// <summary>
/// Counts prompts that are upgraded and requests for embeddings against the month, after the windows have let them through. Only what
/// was answered stays counted.
/// </summary>
internal sealed class QuotaGate
{
    private readonly RequestDelegate _next;
    private readonly LimitBook _book;
    private readonly MonthCounter _counter;
    private readonly LimitAlerts _alerts;
    private readonly TimeProvider _time;
    private readonly ILogger<QuotaGate> _logger;
    private readonly Counter<long> _requests;

    public QuotaGate(
        RequestDelegate next,
        LimitBook book,
        MonthCounter counter,
        LimitAlerts alerts,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<QuotaGate> logger
    )
    {
        (_next, _book, _counter, _alerts, _time, _logger) = (next, book, counter, alerts, time, logger);
        _requests = meters
            .Create("Chancery.Limits")
            .CreateCounter<long>(
                "rate_limit_requests_total",
                description: "Requests that a limit counts, by what came of them and which limit refused them."
            );
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (
            context.GetEndpoint() is not { } endpoint
            || QuotaOf(RouteCostExtensions.CostOf(endpoint)) is not { } quota
            || context.Features.Get<Principal>() is not { } principal
            || (await _book.OfAsync(principal.Tenant, context.RequestAborted)).Of(quota) is not { } most
        )
        {
            await _next(context);
            return;
        }

        MonthCounter.Place? place;
        try
        {
            place = await _counter.TakeAsync(principal.Tenant, quota, most, context.RequestAborted);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.QuotaUnknown(_logger, quota.Name, exception);
            await Problem
                .Unavailable("What your organisation has used cannot be counted just now. Try again in a moment.")
                .ExecuteAsync(context);
            return;
        }

        if (place is null)
        {
            var now = _time.GetUtcNow();
            var end = QuotaMonth.EndOf(QuotaMonth.Of(now));
            _requests.Add(1, new KeyValuePair<string, object?>("outcome", "refused"), new("limit", quota.Name));
            Log.Refused(_logger, quota.Name, most, (long)(end - now).TotalSeconds);
            await QuotaProblem.Of(context, quota, most, most, end, now).ExecuteAsync(context);
            return;
        }

        var answered = false;
        try
        {
            await _next(context);
            answered = context.Response.StatusCode < StatusCodes.Status400BadRequest;
        }
        catch (OperationCanceledException)
        {
            // Who leaves in the middle has had the work done.
            answered = true;
            throw;
        }
        finally
        {
            await (answered ? TellAsync(place, most) : GiveBackAsync(place));
        }
    }

    private async Task TellAsync(MonthCounter.Place place, long most)
    {
        try
        {
            await _alerts.UsedAsync(place.Tenant, place.Quota, place.Month, most, place.Used, CancellationToken.None);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.AlertNotKept(_logger, place.Tenant.Value, exception);
        }
    }

    private async Task GiveBackAsync(MonthCounter.Place place)
    {
        try
        {
            await _counter.GiveBackAsync(place);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.QuotaUnknown(_logger, place.Quota.Name, exception);
        }
    }

    private static LimitName? QuotaOf(RouteCost cost) =>
        cost switch
        {
            RouteCost.Upgrade => LimitNames.UpgradesPerMonth,
            RouteCost.Embedding => LimitNames.EmbeddingsPerMonth,
            _ => null,
        };
}
