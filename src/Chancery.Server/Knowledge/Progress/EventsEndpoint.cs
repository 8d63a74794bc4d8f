using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;

namespace Chancery.Server.Knowledge.Progress;

/// <summary>
/// <c>GET /api/v1/docs/{id}/events</c>: how far the latest version has come, as server-sent events. <c>progress</c> comes
/// at once and whenever something changed; <c>ping</c> after 15 s of silence; <c>done</c>, with the same content, is the
/// last. It ends without one within 30 s of the caller losing the right to it. Each <c>progress</c> has an id; who comes back
/// with it as <c>Last-Event-ID</c> is told only what changed since.
/// </summary>
internal static class EventsEndpoint
{
    /// <param name="State">stored, fetching, queued, reading, cutting, embedding, ready or failed.</param>
    /// <param name="PageCount">Null while unknown.</param>
    /// <param name="EtaSeconds">Until all pages are read, at the speed so far; null when that cannot be said.</param>
    /// <param name="VectorsMissing">Passages of a ready document that wait for the embedding model.</param>
    public sealed record ProgressEvent(
        [property: OneOf(typeof(VersionState))] string? State,
        int? PagesDone,
        int? PageCount,
        int? EtaSeconds,
        Failure? Failure,
        int? VectorsMissing = null
    );

    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);
    private static readonly ProgressEvent Nothing = new(null, null, null, null, null);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/docs/{id:guid}/events", HandleAsync)
            .WithCost(RouteCost.Free)
            .WithName("WatchDocument")
            .WithDescription(
                "Server-sent events about the latest version. Leaving does not end the work. A client that comes "
                    + "back with `Last-Event-ID` is told only what changed since."
            )
            .WithSummary("Watch how a document is being processed (server-sent events)")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "document" } })
            .RequirePermission(Permission.DocumentsRead)
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
                new("progress", typeof(ProgressEvent), "At once, and whenever something changed."),
                new(
                    "ping",
                    typeof(ProgressEvent),
                    "After 15 s of silence, or when nothing changed since `Last-Event-ID`; it says nothing."
                ),
                new("done", typeof(ProgressEvent), "Last: nothing more happens to the version by itself.")
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    private static async Task<Results<ServerSentEventsResult<ProgressEvent>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        HttpContext context,
        [AsParameters] Watching watching,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken
    )
    {
        if (watching.Seats.TryTake(principal) is not { } seat)
        {
            context.Response.Headers.RetryAfter = "5";
            return Problem.TooManyRequests(
                $"At most {StreamSeats.Most} documents can be watched at the same time. Close a stream and try again."
            );
        }

        context.Response.RegisterForDispose(seat);
        if (await watching.Store.FindAsync(principal.Tenant, principal.Reader, id, cancellationToken) is null)
        {
            return Problem.NotFound("document");
        }

        return TypedResults.ServerSentEvents(
            WatchAsync(context.Request, principal, id, watching, lifetime.ApplicationStopping, cancellationToken)
        );
    }

    /// <summary>What watching needs, from the services.</summary>
    internal sealed record Watching(
        ProgressStore Store,
        ProgressBoard Board,
        StreamSeats Seats,
        Standing Standing,
        TimeProvider Time
    );

    private static async IAsyncEnumerable<SseItem<ProgressEvent>> WatchAsync(
        HttpRequest request,
        Principal principal,
        Guid id,
        Watching watching,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var time = watching.Time;
        using var watch = watching.Board.Open(principal.Tenant, id);
        ProgressEvent? last = null;
        var seen = request.Headers["Last-Event-ID"].ToString();
        var saidAt = time.GetTimestamp();
        while (!stopping.IsCancellationRequested)
        {
            // A stream outlives sign-outs, removals and changes of role; it must not outlive the right to it.
            var again = await watching.Standing.AgainAsync(request, principal, cancellationToken);
            if (
                again?.May(Permission.DocumentsRead) != true
                || (
                    !again.Reader.ReadsEverything
                    && await watching.Store.FindAsync(again.Tenant, again.Reader, id, cancellationToken) is null
                )
            )
            {
                yield break;
            }

            var look = watch.Look();
            if (look is { IsRead: true, Row: null })
            {
                yield break;
            }

            if (look.Row is { } row)
            {
                var now = row.At(time.GetUtcNow());
                if (VersionState.IsSettled(row.State))
                {
                    yield return new SseItem<ProgressEvent>(now, "progress") { EventId = row.EventId };
                    yield return new SseItem<ProgressEvent>(now, "done") { EventId = row.EventId };
                    yield break;
                }

                if (now with { EtaSeconds = null } != last)
                {
                    last = now with { EtaSeconds = null };
                    saidAt = time.GetTimestamp();
                    // A ping in the place of what was seen: it takes a first event to open the stream.
                    yield return row.EventId == seen
                        ? new SseItem<ProgressEvent>(Nothing, "ping")
                        : new SseItem<ProgressEvent>(now, "progress") { EventId = row.EventId };
                    seen = "";
                }
                else if (time.GetElapsedTime(saidAt) >= Silence)
                {
                    saidAt = time.GetTimestamp();
                    yield return new SseItem<ProgressEvent>(Nothing, "ping");
                }
            }

            await await Task.WhenAny(look.Next, Task.Delay(Recheck, time, cancellationToken));
        }
    }
}
