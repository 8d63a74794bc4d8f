using System.Diagnostics.Metrics;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Keys;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Limits;

/// <summary>
/// Lets a request through when all its limits do, and counts it then; says in its headers where they stand. Runs after authentication,
/// whether the request is allowed or not.
/// </summary>
internal sealed class LimitGate
{
    private readonly RequestDelegate _next;
    private readonly LimitBook _book;
    private readonly RequestRules _rules;
    private readonly RateWindows _windows;
    private readonly LimitSettings _settings;
    private readonly ILogger<LimitGate> _logger;
    private readonly Counter<long> _requests;

    public LimitGate(
        RequestDelegate next,
        LimitBook book,
        RequestRules rules,
        RateWindows windows,
        LimitSettings settings,
        IMeterFactory meters,
        ILogger<LimitGate> logger
    )
    {
        (_next, _book, _rules, _windows, _settings, _logger) = (next, book, rules, windows, settings, logger);
        _requests = meters
            .Create("Chancery.Limits")
            .CreateCounter<long>(
                "rate_limit_requests_total",
                description: "Requests that a limit counts, by what came of them and which limit refused them."
            );
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (!_settings.IsOn || context.GetEndpoint() is not { } endpoint)
        {
            await _next(context);
            return;
        }

        var cost = RouteCostExtensions.CostOf(endpoint);
        if (cost == RouteCost.Free || HttpMethods.IsOptions(context.Request.Method))
        {
            await _next(context);
            return;
        }

        IReadOnlyList<WindowRule> rules = context.Features.Get<Principal>() is { } principal
            ? _rules.Of(
                principal,
                await _book.FindAsync(principal.Tenant, context.RequestAborted),
                cost,
                context.Features.Get<Credential>()?.Kind == CredentialKind.Cookie,
                context.Features.Get<KeyLimit>(),
                context.Features.Get<WithinCall>() is { IsCounted: true }
            )
            : _rules.Of(context.Connection.RemoteIpAddress);
        if (rules.Count == 0)
        {
            await _next(context);
            return;
        }

        var outcome = await _windows.TakeAsync(rules);
        RateLimitHeaders.Write(context.Response.Headers, outcome.States);
        if (outcome.Refused is not { } refused)
        {
            _requests.Add(1, new KeyValuePair<string, object?>("outcome", "passed"), new("limit", ""));
            if (QuotaGate.QuotaOf(cost) is not null)
            {
                context.Features.Set(new CountedWindows(outcome.States));
            }

            await _next(context);
            return;
        }

        _requests.Add(1, new KeyValuePair<string, object?>("outcome", "refused"), new("limit", refused.Rule.Name));
        var seconds = Math.Max(1, (long)Math.Ceiling(refused.ResetsIn.TotalSeconds));
        Log.Refused(_logger, refused.Rule.Name, refused.Rule.Most, seconds);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await LimitProblem.Of(refused, seconds).ExecuteAsync(context);
    }
}
