namespace Chancery.Server.Platform.Edge;

/// <summary>
/// One line per request: method, route template, status, milliseconds. The address itself is never written: paths and
/// query strings hold invitations, questions and names.
/// </summary>
internal sealed class RequestLog(RequestDelegate next, ILogger<RequestLog> logger, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            Write(context, Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1));
        }
    }

    private void Write(HttpContext context, double elapsedMs)
    {
        var method = HttpMethods.GetCanonicalizedValue(context.Request.Method);
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)";
        var status = context.Response.StatusCode;

        if (context.RequestAborted.IsCancellationRequested && status < 500)
        {
            Log.CallerLeft(logger, method, route, elapsedMs);
        }
        else if (status >= 500)
        {
            Log.Failed(logger, method, route, status, elapsedMs);
        }
        else if (route.StartsWith("/health", StringComparison.Ordinal))
        {
            Log.Probed(logger, method, route, status, elapsedMs);
        }
        else
        {
            Log.Answered(logger, method, route, status, elapsedMs);
        }
    }
}
