using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Telemetry;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Operations;

/// <summary>What a running operation tells. Not safe for concurrent use.</summary>
internal sealed class OperationProgress(
    OperationStore store,
    Principal principal,
    Guid id,
    Action tell,
    CancellationToken cancellationToken
) : IDraftTeller
{
    private int _number;

    public Guid Id => id;

    /// <summary>What there is of it so far, should it end early.</summary>
    public List<DraftedClause> Partial { get; } = [];

    public CancellationToken Cancelled => cancellationToken;

    /// <exception cref="OperationCanceledException">Somebody ended it, on this server or another.</exception>
    public async Task TellAsync(string kind, object content)
    {
        if (!await store.AddAsync(principal, id, ++_number, kind, content, cancellationToken))
        {
            throw new OperationCanceledException();
        }

        tell();
    }
}

/// <summary>
/// Runs what takes longer than a client may wait: whoever leaves does not end it, whoever comes back sees all of it, and
/// <see cref="CancelAsync"/> ends it from any server. Safe for concurrent use.
/// </summary>
internal sealed class ContractOperations(
    OperationStore store,
    ContractMeter meter,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ContractOperations> logger
) : IHostedService
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(60);

    // What happens on another server is found by looking.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(400);

    private readonly ConcurrentDictionary<Guid, Running> _running = new();

    /// <summary>Begins one.</summary>
    /// <param name="work">
    /// Does it, ends it in the transaction that stores what came of it (<see cref="OperationStore"/>), and throws
    /// <see cref="ProblemException"/> where nothing comes of it.
    /// </param>
    public async Task<Guid> StartAsync(
        Principal principal,
        string kind,
        string instruction,
        Guid? contract,
        Func<OperationProgress, Task> work,
        CancellationToken cancellationToken
    )
    {
        var id = await store.CreateAsync(principal, kind, instruction, contract, cancellationToken);
        var running = new Running(CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping));
        _running[id] = running;
        running.Task = Task.Run(() => RunAsync(principal, id, kind, running, work), CancellationToken.None);
        return id;
    }

    /// <summary>Null when there is none of this principal's.</summary>
    public async Task<ContractOperation?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(principal, id, cancellationToken) is not { } row)
        {
            return null;
        }

        if (row.State == OperationState.Running && time.GetUtcNow() - row.SeenAt > Silent)
        {
            // Its server is gone, and nobody else can go on with what it had in memory.
            await store.EndAsync(principal, id, OperationState.Failed, Stopped(), [], cancellationToken);
            row = await store.FindAsync(principal, id, cancellationToken) ?? row;
        }

        return row.ToOperation();
    }

    /// <summary>Ends one that runs, forgets one that has ended; false when there is none.</summary>
    public async Task<bool> CancelAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        if (await FindAsync(principal, id, cancellationToken) is not { } operation)
        {
            return false;
        }

        if (operation.State != OperationState.Running)
        {
            return await store.ForgetAsync(principal, id, cancellationToken);
        }

        if (_running.TryGetValue(id, out var running))
        {
            running.IsCancelled = true;
            await running.Stop.CancelAsync();
            await running.Task.WaitAsync(cancellationToken);
            return true;
        }

        return await store.EndAsync(principal, id, OperationState.Cancelled, Cancelled(), [], cancellationToken);
    }

    /// <summary>Everything after <paramref name="after"/> as it happens, until the last.</summary>
    public async IAsyncEnumerable<OperationEvent> WatchAsync(
        Principal principal,
        Guid id,
        int after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var next = _running.TryGetValue(id, out var running) ? running.Next : null;
            var happened = await store.EventsAsync(principal, id, after, cancellationToken);
            foreach (var one in happened)
            {
                after = one.Number;
                yield return one;
                if (one.IsLast)
                {
                    yield break;
                }
            }

            if (happened.Count > 0)
            {
                continue;
            }

            if (await FindAsync(principal, id, cancellationToken) is not { } operation)
            {
                yield break;
            }

            if (operation.State != OperationState.Running)
            {
                // Ended just now; or by an earlier visit, and all of it is told.
                var rest = await store.EventsAsync(principal, id, after, cancellationToken);
                foreach (var one in rest)
                {
                    yield return one;
                }

                yield break;
            }

            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var pause = Task.Delay(next is null ? Look : Heartbeat, time, waiting.Token);
            await Task.WhenAny(pause, next ?? pause);
            await waiting.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What runs has been told to stop; it says so, and what there is of it is kept.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_running.Values.Select(running => running.Task)).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // No time is left; who looks later is told that the server stopped.
        }
    }

    private async Task RunAsync(
        Principal principal,
        Guid id,
        string kind,
        Running running,
        Func<OperationProgress, Task> work
    )
    {
        var began = time.GetTimestamp();
        var outcome = OperationState.Failed;
        var progress = new OperationProgress(store, principal, id, running.Tell, running.Stop.Token);
        using var beating = new CancellationTokenSource();
        var heart = BeatAsync(principal, id, running, beating.Token);
        try
        {
            await work(progress);
            outcome = OperationState.Done;
        }
        catch (ProblemException failed)
        {
            await EndAsync(principal, id, OperationState.Failed, failed.Problem, progress);
        }
        catch (OperationCanceledException)
        {
            outcome = running.IsCancelled ? OperationState.Cancelled : OperationState.Failed;
            await EndAsync(principal, id, outcome, running.IsCancelled ? Cancelled() : Stopped(), progress);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.OperationFailed(logger, id, exception);
            await EndAsync(principal, id, OperationState.Failed, Fault(), progress);
        }
        finally
        {
            await beating.CancelAsync();
            await heart;
            meter.Ended(kind, outcome, time.GetElapsedTime(began));
            _running.TryRemove(id, out _);
            running.Tell();
        }
    }

    private async Task EndAsync(
        Principal principal,
        Guid id,
        string state,
        ProblemDetails problem,
        OperationProgress progress
    )
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await store.EndAsync(principal, id, state, problem, progress.Partial, patience.Token);
        }
        catch (Exception exception)
            when (exception is Npgsql.NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            // Without PostgreSQL it cannot be said; who looks later finds it silent.
            Log.OperationNotEnded(logger, id, exception);
        }
    }

    /// <summary>Says that it is alive, and finds out whether it was ended on another server.</summary>
    private async Task BeatAsync(Principal principal, Guid id, Running running, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Heartbeat, time, cancellationToken);
                try
                {
                    if (!await store.SeenAsync(principal, id, cancellationToken))
                    {
                        running.IsCancelled = true;
                        await running.Stop.CancelAsync();
                        return;
                    }
                }
                catch (Npgsql.NpgsqlException exception)
                {
                    Log.OperationNotSeen(logger, id, exception);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It ended.
        }
    }

    private static ProblemDetails Cancelled() =>
        Problem
            .Conflict("cancelled", "It was cancelled", "Nothing was stored. Ask again to begin anew.")
            .ProblemDetails;

    private static ProblemDetails Stopped() =>
        Problem.Of(503, "shutting-down", "The server is stopping", "Ask again in a moment.").ProblemDetails;

    private static ProblemDetails Fault() =>
        Problem
            .Of(
                500,
                "operation-failed",
                "Something went wrong",
                "Nothing was stored. Ask again; the log of the server tells more."
            )
            .ProblemDetails;

    private sealed class Running(CancellationTokenSource stop)
    {
        private TaskCompletionSource _next = NewSignal();

        public CancellationTokenSource Stop => stop;

        public bool IsCancelled { get; set; }

        public Task Task { get; set; } = Task.CompletedTask;

        /// <summary>Completes when something happens after the call.</summary>
        public Task Next => Volatile.Read(ref _next).Task;

        public void Tell() => Interlocked.Exchange(ref _next, NewSignal()).TrySetResult();

        private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
