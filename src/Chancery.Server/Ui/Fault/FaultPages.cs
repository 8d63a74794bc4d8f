using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Diagnostics;

namespace Chancery.Server.Ui.Fault;

/// <summary>Shows a fault to people as a page. Programs, and whatever asks the API, get the problem document.</summary>
internal sealed class FaultPages : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        var request = httpContext.Request;
        if (
            request.Path.StartsWithSegments("/api")
            || request.Path.StartsWithSegments("/v1")
            || !request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)
            || httpContext.RequestAborted.IsCancellationRequested
            || FaultHandler.ProblemOf(exception).StatusCode is not (>= 500 and var status)
        )
        {
            return false;
        }

        httpContext.Features.Set(new ShownFault(status, FaultHandler.TraceIdOf(httpContext)));
        await Pages.Show<FaultPage>(httpContext, status).ExecuteAsync(httpContext);
        return true;
    }
}

/// <summary>What the page says; kept with the request.</summary>
internal sealed record ShownFault(int Status, string TraceId);
