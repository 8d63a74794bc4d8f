using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Chancery.Server.Audit.Reading;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;
using Npgsql;

namespace Chancery.Server.Audit.Live;

/// <summary>
/// <c>GET /api/v1/audit/live</c>: entries as they are recorded, as server-sent events. <c>source</c> comes first, and whenever they come
/// from elsewhere; <c>entry</c> for each; <c>ping</c> after 15 s of silence. It ends when the caller loses the right to it.
/// </summary>
internal static class LiveEndpoint
{
    /// <param name="From">stream: as they happen. table: Redis is gone, and they come some seconds late.</param>
    /// <param name="After">The number after which entries follow.</param>
    public sealed record LiveSource(
        [property: OneOf("AuditLiveSource", LiveWatch.FromStream, LiveWatch.FromTable)] string From,
        long After
    );

    /// <param name="At">The server's time.</param>
    public sealed record LivePing(DateTimeOffset At);

    /// <summary>What came while nobody watched is told as far as this; search has the rest.</summary>
    private const int MostMissed = 1_000;

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/audit/live", HandleAsync)
            .WithName("WatchAudit")
            .WithSummary("Watch the record as it is written (server-sent events)")
            .WithDescription(
                "Entries from now on, or after a number. A client that comes back with `Last-Event-ID` is told what it missed, at most "
                    + "1,000 entries of it. At most 20 may watch one organisation at a time."
            )
            .ForReadersOfTheRecord()
            .WithExample(new RouteExample { Query = "after=0&follow=false" })
            .AddOpenApiOperationTransformer(
                static (operation, _, _) =>
                {
                    operation.Parameters ??= [];
                    operation.Parameters.Add(
                        new OpenApiParameter
                        {
                            Name = "Last-Event-ID",
                            In = ParameterLocation.Header,
                            Description = "The id of the last event that arrived; browsers send it by themselves.",
                            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                        }
                    );
                    return Task.CompletedTask;
                }
            )
            .WithEvents(
                new("source", typeof(LiveSource), "First, and whenever entries come from elsewhere."),
                new("entry", typeof(EntryView), "For each entry, in order; its id is the entry's number."),
                new("ping", typeof(LivePing), "After 15 s of silence.")
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    private static async Task<Results<ServerSentEventsResult<object>, ProblemHttpResult>> HandleAsync(
        AuditReader reader,
        LiveStream stream,
        LiveSeats seats,
        EntryStore entries,
        IAuditActors actors,
        TimeProvider time,
        HttpContext context,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken,
        [Range(0, long.MaxValue), Description("Begin after this number; else with what comes from now on.")]
            long? after = null,
        [Description("Whether to wait for more; else it ends when all that there is was told.")] bool follow = true
    )
    {
        if (seats.TryTake(reader.Tenant) is not { } seat)
        {
            context.Response.Headers.RetryAfter = "5";
            return Problem.TooManyRequests(
                $"At most {LiveSeats.Most} may watch at the same time. Close a stream and try again."
            );
        }

        context.Response.RegisterForDispose(seat);
        var end = await entries.EndAsync(reader.Tenant, cancellationToken);
        var seen = long.TryParse(
            context.Request.Headers["Last-Event-ID"].ToString(),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var last
        )
            ? last
            : after;
        var begin = Math.Clamp(seen ?? end, Math.Max(0, end - MostMissed), end);
        return TypedResults.ServerSentEvents(
            WatchAsync(
                context,
                new LiveWatch(stream, entries, time, reader.Tenant, begin),
                follow ? null : end,
                actors,
                time,
                lifetime.ApplicationStopping,
                cancellationToken
            )
        );
    }

    private static async IAsyncEnumerable<SseItem<object>> WatchAsync(
        HttpContext context,
        LiveWatch watch,
        long? until,
        IAuditActors actors,
        TimeProvider time,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var source = "";
        var saidAt = time.GetTimestamp();
        var checkedAt = time.GetTimestamp();
        while (!stopping.IsCancellationRequested)
        {
            // A stream outlives sign-outs, removals and changes of role; it must not outlive the right to it.
            if (time.GetElapsedTime(checkedAt) >= Recheck)
            {
                checkedAt = time.GetTimestamp();
                if (!await MayStillAsync(actors, context, cancellationToken))
                {
                    yield break;
                }
            }

            var after = watch.Last;
            var entries = await watch.NextAsync(isInHurry: until is not null, cancellationToken);
            if (watch.Source != source)
            {
                source = watch.Source;
                saidAt = time.GetTimestamp();
                yield return new SseItem<object>(new LiveSource(source, after), "source");
            }

            foreach (var entry in entries)
            {
                saidAt = time.GetTimestamp();
                yield return new SseItem<object>(entry, "entry")
                {
                    EventId = entry.Seq.ToString(CultureInfo.InvariantCulture),
                };
            }

            if (watch.Last >= until)
            {
                yield break;
            }

            if (entries.Count > 0)
            {
                continue;
            }

            if (time.GetElapsedTime(saidAt) >= Silence)
            {
                saidAt = time.GetTimestamp();
                yield return new SseItem<object>(new LivePing(time.GetUtcNow()), "ping");
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static async Task<bool> MayStillAsync(
        IAuditActors actors,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await actors.MayStillReadAsync(context, cancellationToken);
        }
        catch (NpgsqlException)
        {
            // Nobody can say just now; asked again in a second.
            return true;
        }
    }
}
