using System.ComponentModel;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Chancery.Server.Analytics;

/// <summary><c>/api/v1/analytics</c>: what is going on, as figures, and as they change.</summary>
internal static class AnalyticsEndpoints
{
    private const string WhoSees =
        "Owners and admins see the whole organisation's figures, others their own, and an API key what came with it.";

    private const string DefaultRange = AnalyticsRange.Hour;

    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <param name="Figures">All of them; absent in a ping.</param>
    public sealed record LiveEvent(AnalyticsView? Figures);

    /// <summary>What watching needs, from the services.</summary>
    internal sealed record Watching(AnalyticsReader Reader, StreamSeats Seats, Standing Standing, TimeProvider Time);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/analytics", ReadAsync)
            .WithName("GetAnalytics")
            .WithSummary(
                "Messages by type, person and model, over time, with tokens, cost and what was searched for most"
            )
            .WithDescription(
                $"{WhoSees} At most two seconds old; sums of the ledger, of answers and of searches ten. Each figure that Redis counts "
                    + "says whether it comes from there or from the ledger."
            )
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample { Query = "range=hour" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapGet("/analytics/live", LiveAsync)
            .WithCost(RouteCost.Free)
            .WithName("WatchAnalytics")
            .WithSummary("The same figures as they change (server-sent events)")
            .WithDescription($"{WhoSees} It ends when the caller's sign-in or key does.")
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample { Query = "range=two_days" })
            .WithEvents(
                new("figures", typeof(LiveEvent), "At once, and when something changed, every two seconds at most."),
                new("ping", typeof(LiveEvent), "After 15 s of silence; it says nothing.")
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
    }

    private static async Task<Results<Ok<AnalyticsView>, ProblemHttpResult>> ReadAsync(
        Principal principal,
        AnalyticsReader reader,
        CancellationToken cancellationToken,
        [
            OneOf(
                "AnalyticsRange",
                AnalyticsRange.Hour,
                AnalyticsRange.TwoDays,
                AnalyticsRange.ThirtyDays,
                AnalyticsRange.Year
            ),
            Description("How far back the series goes: by minute, by hour, by day or by month.")
        ]
            string range = DefaultRange
    ) =>
        AnalyticsRange.Find(range ?? DefaultRange) is { } known
            ? TypedResults.Ok(await reader.ReadAsync(principal, known, cancellationToken))
            : NoSuchRange();

    private static Results<ServerSentEventsResult<LiveEvent>, ProblemHttpResult> LiveAsync(
        Principal principal,
        HttpContext context,
        [AsParameters] Watching watching,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken,
        [
            OneOf(
                "AnalyticsRange",
                AnalyticsRange.Hour,
                AnalyticsRange.TwoDays,
                AnalyticsRange.ThirtyDays,
                AnalyticsRange.Year
            ),
            Description("How far back the series goes: by minute, by hour, by day or by month.")
        ]
            string range = DefaultRange
    )
    {
        if (AnalyticsRange.Find(range ?? DefaultRange) is not { } known)
        {
            return NoSuchRange();
        }

        if (watching.Seats.TryTake(principal) is not { } seat)
        {
            context.Response.Headers.RetryAfter = "5";
            return Problem.TooManyRequests(
                $"At most {StreamSeats.Most} streams of progress and figures can be open at the same time. Close one and try again."
            );
        }

        context.Response.RegisterForDispose(seat);
        return TypedResults.ServerSentEvents(
            WatchAsync(context.Request, principal, known, watching, lifetime.ApplicationStopping, cancellationToken)
        );
    }

    private static ProblemHttpResult NoSuchRange() =>
        Problem.Invalid(
            "range",
            $"One of {AnalyticsRange.Hour}, {AnalyticsRange.TwoDays}, {AnalyticsRange.ThirtyDays}, {AnalyticsRange.Year}."
        );

    private static async IAsyncEnumerable<SseItem<LiveEvent>> WatchAsync(
        HttpRequest request,
        Principal principal,
        AnalyticsRange range,
        Watching watching,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var time = watching.Time;
        string? last = null;
        var saidAt = time.GetTimestamp();
        var readAt = 0L;
        while (!stopping.IsCancellationRequested)
        {
            // A stream outlives sign-outs, removals and changes of role; it must not outlive the right to what it shows.
            var again = await watching.Standing.AgainAsync(request, principal, cancellationToken);
            if (again?.May(Permission.Ask) != true)
            {
                yield break;
            }

            if (readAt == 0 || time.GetElapsedTime(readAt) >= AnalyticsReader.Fresh)
            {
                readAt = time.GetTimestamp();
                if (
                    await TryReadAsync(watching.Reader, again, range, cancellationToken) is { } figures
                    && JsonSerializer.Serialize(figures) is var text
                    && text != last
                )
                {
                    last = text;
                    saidAt = time.GetTimestamp();
                    yield return new SseItem<LiveEvent>(new LiveEvent(figures), "figures");
                }
            }

            if (time.GetElapsedTime(saidAt) >= Silence)
            {
                saidAt = time.GetTimestamp();
                yield return new SseItem<LiveEvent>(new LiveEvent(null), "ping");
            }

            await Task.Delay(Recheck, time, cancellationToken);
        }
    }

    /// <summary>Null while PostgreSQL does not answer: the stream goes on, and says what there is when it does.</summary>
    private static async Task<AnalyticsView?> TryReadAsync(
        AnalyticsReader reader,
        Principal principal,
        AnalyticsRange range,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await reader.ReadAsync(principal, range, cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            return null;
        }
    }
}
