using System.Diagnostics.Metrics;
using Chancery.Server.Access;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Npgsql;

namespace Chancery.Server.Limits.Quotas;

/// <summary>
/// Counts prompts that are upgraded and requests for embeddings against the month, after the windows have let them through. Only what
/// was answered stays counted; what the month refuses is given back to the windows.
/// </summary>
internal sealed class QuotaGate
{
    private const int MostKnown = 10_000;

    // Whoever goes on asking without a place left is counted by no window, and must not ask PostgreSQL each time.
    private static readonly TimeSpan UsedUpFor = TimeSpan.FromSeconds(1);

    private readonly RequestDelegate _next;
    private readonly LimitBook _book;
    private readonly MonthCounter _counter;
    private readonly RateWindows _windows;
    private readonly LimitAlerts _alerts;
    private readonly TimeProvider _time;
    private readonly ILogger<QuotaGate> _logger;
    private readonly Counter<long> _requests;
    private readonly ExpiringCache<(Guid Tenant, string Quota), (DateOnly Month, long Most)> _usedUp;

    public QuotaGate(
        RequestDelegate next,
        LimitBook book,
        MonthCounter counter,
        RateWindows windows,
        LimitAlerts alerts,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<QuotaGate> logger
    )
    {
        (_next, _book, _counter, _windows, _alerts) = (next, book, counter, windows, alerts);
        (_time, _logger) = (time, logger);
        _usedUp = new(time, UsedUpFor, MostKnown);
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
        )
        {
            await _next(context);
            return;
        }

        // What nobody knows is not unlimited.
        if (await _book.FindAsync(principal.Tenant, context.RequestAborted) is not { } limits)
        {
            await UnavailableAsync(context);
            return;
        }

        if (limits.Of(quota) is not { } most)
        {
            await _next(context);
            return;
        }

        MonthCounter.Place? place;
        try
        {
            place = await TakeAsync(principal.Tenant, quota, most, context.RequestAborted);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.QuotaUnknown(_logger, quota.Name, exception);
            await UnavailableAsync(context);
            return;
        }

        if (place is null)
        {
            await RefuseAsync(context, quota, most);
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

    private async Task<MonthCounter.Place?> TakeAsync(
        TenantId tenant,
        LimitName quota,
        long most,
        CancellationToken cancellationToken
    )
    {
        var month = _counter.Month;
        var key = (tenant.Value, quota.Name);
        if (_usedUp.TryGet(key, out var known) && known == (month, most))
        {
            return null;
        }

        var generation = _usedUp.Generation;
        var place = await _counter.TakeAsync(tenant, quota, most, cancellationToken);
        if (place is null)
        {
            _usedUp.Set(key, (month, most), generation);
        }

        return place;
    }

    private async Task RefuseAsync(HttpContext context, LimitName quota, long most)
    {
        if (context.Features.Get<CountedWindows>() is { } counted)
        {
            RateLimitHeaders.Write(context.Response.Headers, await _windows.GiveBackAsync(counted.States));
        }

        var now = _time.GetUtcNow();
        var end = QuotaMonth.EndOf(QuotaMonth.Of(now));
        _requests.Add(1, new KeyValuePair<string, object?>("outcome", "refused"), new("limit", quota.Name));
        Log.Refused(_logger, quota.Name, most, (long)(end - now).TotalSeconds);
        await QuotaProblem.Of(context, quota, most, most, end, now).ExecuteAsync(context);
    }

    private static Task UnavailableAsync(HttpContext context) =>
        Problem
            .Unavailable("What your organisation has used cannot be counted just now. Try again in a moment.")
            .ExecuteAsync(context);

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
            _usedUp.Drop((place.Tenant.Value, place.Quota.Name));
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.QuotaUnknown(_logger, place.Quota.Name, exception);
        }
    }

    /// <summary>The quota that a request of that cost counts against; null for none.</summary>
    public static LimitName? QuotaOf(RouteCost cost) =>
        cost switch
        {
            RouteCost.Upgrade => LimitNames.UpgradesPerMonth,
            RouteCost.Embedding => LimitNames.EmbeddingsPerMonth,
            _ => null,
        };
}
