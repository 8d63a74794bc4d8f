using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>
/// Says on the server's span of a request which route it was, how it ended and whose it was, and counts it. Neither path nor
/// query: they hold invitations, questions and names.
/// </summary>
internal sealed class ServerSpan
{
    private readonly RequestDelegate _next;
    private readonly Counter<long> _requests;

    public ServerSpan(RequestDelegate next, IMeterFactory meters)
    {
        _next = next;
        _requests = meters
            .Create("Chancery.Http")
            .CreateCounter<long>("http_requests_total", description: "Requests, by method, route and status.");
    }

    public async Task InvokeAsync(HttpContext context)
    {
        var span = context.Features.Get<IHttpActivityFeature>()?.Activity;
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag(SpanNames.RequestId, context.TraceIdentifier);
        }

        try
        {
            await _next(context);
        }
        finally
        {
            var method = HttpMethods.GetCanonicalizedValue(context.Request.Method);
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            if (_requests.Enabled)
            {
                _requests.Add(
                    1,
                    new("http.request.method", IsKnown(method) ? method : "_OTHER"),
                    new("http.route", route ?? "none"),
                    new("http.response.status_code", context.Response.StatusCode)
                );
            }

            if (span is { IsAllDataRequested: true })
            {
                Describe(span, context, IsKnown(method) ? method : "_OTHER", route);
            }
        }
    }

    // A stranger may send any word.
    private static bool IsKnown(string method) =>
        HttpMethods.IsGet(method)
        || HttpMethods.IsPost(method)
        || HttpMethods.IsPut(method)
        || HttpMethods.IsPatch(method)
        || HttpMethods.IsDelete(method)
        || HttpMethods.IsHead(method)
        || HttpMethods.IsOptions(method);

    private static void Describe(Activity span, HttpContext context, string method, string? route)
    {
        var status = context.Response.StatusCode;
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.request.method", method);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", status);
        span.SetTag("url.scheme", context.Request.Scheme);
        if (status >= 500)
        {
            span.SetTag("error.type", status.ToString(CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error);
        }

        if (context.User.FindFirst("tenant_id") is { } tenant)
        {
            span.SetTag(SpanNames.Tenant, tenant.Value);
            // A key acts without a person's address.
            var isKey = string.IsNullOrEmpty(context.User.FindFirst("email")?.Value);
            span.SetTag(isKey ? SpanNames.Key : SpanNames.User, context.User.FindFirst("sub")?.Value);
        }
    }
}

/// <summary>For routes that know more about their request.</summary>
public static class ServerSpanExtensions
{
    /// <summary>Says something on the server's span, under one of <see cref="SpanNames"/>; nothing where nobody listens.</summary>
    public static void TagSpan(this HttpContext context, string name, object? value)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span)
        {
            span.SetTag(name, value);
        }
    }
}
