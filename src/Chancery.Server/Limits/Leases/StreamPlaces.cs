using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits.Leases;

/// <summary>How many answers an organisation has streamed to it at once. Safe for concurrent use.</summary>
public sealed class StreamPlaces(LeaseBook leases, ILogger<StreamPlaces> logger)
{
    // An answer takes some seconds; nobody knows how many.
    private const int RetryAfterSeconds = 2;

    /// <summary>
    /// Takes a place for this request, which has it until its response is over, however that ends. The problem to answer with when all
    /// are taken.
    /// </summary>
    public async ValueTask<ProblemHttpResult?> EnterAsync(HttpContext http, Principal principal)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(principal);
        var outcome = await leases.TakeAsync(principal.Tenant, LimitNames.StreamsAtOnce, http.RequestAborted);
        if (outcome.Lease is { } lease)
        {
            http.Response.RegisterForDisposeAsync(lease);
            return null;
        }

        var most = outcome.Most!.Value;
        Log.Refused(logger, LimitNames.StreamsAtOnce.Name, most, RetryAfterSeconds);
        http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        var problem = Problem.TooManyRequests(
            $"Rate limit exceeded: your organisation may have {most.ToString("#,0", CultureInfo.InvariantCulture)} answers streamed at once, "
                + "and has. Try again when one has ended, ask without streaming, or ask the operator for more."
        );
        problem.ProblemDetails.Extensions["limit_name"] = LimitNames.StreamsAtOnce.Name;
        problem.ProblemDetails.Extensions["limit"] = most;
        problem.ProblemDetails.Extensions["retry_after"] = RetryAfterSeconds;
        return problem;
    }
}
