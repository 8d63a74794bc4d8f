using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Progress;

/// <summary>
/// <c>GET /api/v1/docs/{id}/events</c>: how far the latest version has come, as server-sent events. <c>progress</c> comes
/// at once and whenever something changed; <c>ping</c> after 15 s of silence; <c>done</c>, with the same content, is the
/// last.
/// </summary>
internal static class EventsEndpoint
{
    /// <param name="State">stored, queued, reading, cutting, embedding, ready or failed.</param>
    /// <param name="PageCount">Null while unknown.</param>
    /// <param name="EtaSeconds">Until all pages are read, at the speed so far; null when that cannot be said.</param>
    public sealed record ProgressEvent(
        string? State,
        int? PagesDone,
        int? PageCount,
        int? EtaSeconds,
        Failure? Failure
    );

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/docs/{id:guid}/events", HandleAsync)
            .WithName("WatchDocument")
            .WithSummary("Watch how a document is being processed (server-sent events)")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "document" } })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<ServerSentEventsResult<ProgressEvent>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        ProgressStore store,
        ProgressBoard board,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken
    )
    {
        if (await store.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("document");
        }

        return TypedResults.ServerSentEvents(
            WatchAsync(principal, id, store, board, time, lifetime.ApplicationStopping, cancellationToken)
        );
    }

    private static async IAsyncEnumerable<SseItem<ProgressEvent>> WatchAsync(
        Principal principal,
        Guid id,
        ProgressStore store,
        ProgressBoard board,
        TimeProvider time,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var watch = board.Open(principal.Tenant, id);
        ProgressEvent? last = null;
        var saidAt = time.GetTimestamp();
        while (!stopping.IsCancellationRequested)
        {
            var next = watch.Next;
            var row = await store.FindAsync(principal, id, cancellationToken);
            if (row is null)
            {
                yield break;
            }

            var now = row.At(time.GetUtcNow());
            if (VersionState.IsSettled(row.State))
            {
                yield return new SseItem<ProgressEvent>(now, "progress");
                yield return new SseItem<ProgressEvent>(now, "done");
                yield break;
            }

            if (now with { EtaSeconds = null } != last)
            {
                last = now with { EtaSeconds = null };
                saidAt = time.GetTimestamp();
                yield return new SseItem<ProgressEvent>(now, "progress");
            }
            else if (time.GetElapsedTime(saidAt) >= Silence)
            {
                saidAt = time.GetTimestamp();
                yield return new SseItem<ProgressEvent>(new ProgressEvent(null, null, null, null, null), "ping");
            }

            // Redis may be gone, or the news from another process lost: then a second later is soon enough.
            await Task.WhenAny(next, Task.Delay(Poll, time, cancellationToken));
        }
    }
}
