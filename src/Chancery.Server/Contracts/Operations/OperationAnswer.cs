using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.OpenApi;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Operations;

/// <summary>An operation as a stream of events, or waited for. Safe for concurrent use.</summary>
internal sealed class OperationAnswer(ContractOperations operations, TimeProvider time)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>What every stream of an operation holds.</summary>
    public static StreamedEvent[] Events { get; } =
    [
        new(OperationEvent.Sources, typeof(FoundSources), "What was found to build on."),
        new(OperationEvent.Outline, typeof(DraftedOutline), "The title and headings that the draft will have."),
        new(OperationEvent.Clause, typeof(DraftedClause), "A clause that was written, in order."),
        new(OperationEvent.Note, typeof(OperationNote), "Something to know about the result."),
        new("ping", typeof(AnswerStream.Ping), "After 15 s of silence."),
        new(OperationEvent.Done, typeof(OperationResult), "Last: it is stored."),
        new(OperationEvent.Error, typeof(ProblemDetails), "Last, instead of `done`: nothing was stored."),
    ];

    /// <summary>Waits for its end: what came of it, or why nothing did. Leaving does not end it.</summary>
    public async Task<(OperationResult? Result, ProblemDetails? Problem)> WaitAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await foreach (var happened in operations.WatchAsync(principal, id, 0, cancellationToken))
        {
            switch (happened.Kind)
            {
                case OperationEvent.Done:
                    return (happened.Content.Deserialize<OperationResult>(RevisionTree.Json), null);
                case OperationEvent.Error:
                    return (null, happened.Content.Deserialize<ProblemDetails>(RevisionTree.Json));
            }
        }

        throw new InvalidOperationException($"Operation {id} ended without a last event.");
    }

    /// <summary>What happens after <paramref name="after"/>; each event has its number as id.</summary>
    public async IAsyncEnumerable<SseItem<object>> StreamAsync(
        Principal principal,
        Guid id,
        int after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var events = operations
            .WatchAsync(principal, id, after, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var next = events.MoveNextAsync().AsTask();
            while (!next.IsCompleted)
            {
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                if (await Task.WhenAny(next, Task.Delay(Silence, time, waiting.Token)) == next)
                {
                    await waiting.CancelAsync();
                    break;
                }

                if (cancellationToken.IsCancellationRequested)
                {
                    break;
                }

                yield return new SseItem<object>(new AnswerStream.Ping(time.GetUtcNow()), "ping");
            }

            if (!await next)
            {
                yield break;
            }

            yield return new SseItem<object>(events.Current.Content, events.Current.Kind)
            {
                EventId = events.Current.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            };
        }
    }
}
