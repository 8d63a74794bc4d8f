using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Platform.Edge;

/// <summary>
/// While the server stops, what began goes on until <c>SHUTDOWN_GRACE</c> is over; what comes now is told to go
/// elsewhere. Health goes on answering.
/// </summary>
internal sealed class Draining(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    private const string RetryAfterSeconds = "5";

    public async Task InvokeAsync(HttpContext context)
    {
        if (!lifetime.ApplicationStopping.IsCancellationRequested || context.Request.Path.StartsWithSegments("/health"))
        {
            await next(context);
            return;
        }

        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        context.Response.Headers.Connection = "close";
        await Problem
            .Unavailable("This server is stopping. Nothing was changed; try again in a moment.")
            .ExecuteAsync(context);
    }
}
