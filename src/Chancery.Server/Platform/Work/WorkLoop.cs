using Chancery.Server.Platform.Redis;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Platform.Work;

/// <summary>Runs background work: claims it by lease, tenants in turn, and renews the lease while it runs.</summary>
internal sealed class WorkLoop(
    WorkStore store,
    WorkQueue queue,
    RedisGateway redis,
    IEnumerable<IWorkHandler> handlers,
    IOptions<WorkOptions> options,
    ILogger<WorkLoop> logger
) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, IWorkHandler> _handlers = handlers.ToDictionary(handler => handler.Kind);
    private readonly string _process = $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.CreateVersion7():n}";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            ListenAsync(stoppingToken),
            CrewAsync(options.Value.Workers, waits: false, stoppingToken),
            CrewAsync(options.Value.Workers == 0 ? 0 : options.Value.WaitingWorkers, waits: true, stoppingToken)
        );

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        // A start must not wait for Redis.
        await Task.Yield();
        try
        {
            await redis.SubscribeAsync(WorkQueue.WakeChannel, _ => queue.WakeHere()).WaitAsync(stoppingToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.NobodyWakesWorkers(logger, exception);
        }
        catch (OperationCanceledException)
        {
            // Stopped before Redis answered.
        }
    }

    /// <summary>
    /// Of the workers that have nothing to do, one looks for work, and hands the lookout over when it found some: each for itself
    /// would only ask the database more often, on connections that others want.
    /// </summary>
    private async Task CrewAsync(int workers, bool waits, CancellationToken stoppingToken)
    {
        await Task.Yield();
        var kinds = _handlers
            .Values.Where(handler => handler.Waits == waits && handler.IsAble)
            .Select(handler => handler.Kind)
            .ToArray();
        if (kinds.Length == 0)
        {
            return;
        }

        using var lookout = new SemaphoreSlim(1);
        await Task.WhenAll(
            Enumerable
                .Range(0, workers)
                .Select(slot =>
                    WorkAsync($"{_process}:{(waits ? "w" : "")}{slot}", waits, kinds, lookout, stoppingToken)
                )
        );
    }

    private async Task WorkAsync(
        string worker,
        bool waits,
        string[] kinds,
        SemaphoreSlim lookout,
        CancellationToken stoppingToken
    )
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(await FindAsync(worker, waits, kinds, lookout, stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.WorkerStumbled(logger, exception);
                await Task.Delay(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<WorkItem> FindAsync(
        string worker,
        bool waits,
        string[] kinds,
        SemaphoreSlim lookout,
        CancellationToken stoppingToken
    )
    {
        await lookout.WaitAsync(stoppingToken);
        try
        {
            while (true)
            {
                if (await store.ClaimAsync(worker, kinds, options.Value.Lease, stoppingToken) is { } item)
                {
                    return item;
                }

                await queue.WaitAsync(waits, Poll, stoppingToken);
            }
        }
        finally
        {
            lookout.Release();
        }
    }

    private async Task RunAsync(WorkItem item, CancellationToken stoppingToken)
    {
        var handler = _handlers[item.Kind];
        if (item.Attempts > options.Value.Attempts)
        {
            // Whoever tried last did not live to say so: the work itself may be what ends processes.
            await GiveUpAsync(handler, item, null, stoppingToken);
            return;
        }

        using var lease = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var renewing = RenewAsync(item, lease);
        try
        {
            await handler.RunAsync(item, lease.Token);
            await store.DoneAsync(item, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            using var farewell = new CancellationTokenSource(Farewell);
            await store.ReleaseAsync(item, farewell.Token);
            throw;
        }
        catch (WorkPostponedException exception)
        {
            Log.WorkPostponed(logger, item.Kind, item.Id, exception.Pause, exception.InnerException);
            if (exception.RestsKind)
            {
                await store.RestAsync(item, exception.Pause, stoppingToken);
            }

            await store.PostponeAsync(item, exception.Pause, stoppingToken);
        }
        catch (Exception exception) when (exception is LeaseLostException || lease.IsCancellationRequested)
        {
            Log.LeaseLost(logger, item.Kind, item.Id);
        }
        catch (Exception exception)
            when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            await FaultedAsync(handler, item, exception, stoppingToken);
        }
        finally
        {
            await lease.CancelAsync();
            await renewing;
        }
    }

    private async Task FaultedAsync(
        IWorkHandler handler,
        WorkItem item,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        if (item.Attempts >= options.Value.Attempts)
        {
            await GiveUpAsync(handler, item, exception, cancellationToken);
            return;
        }

        var pause = TimeSpan.FromMilliseconds(options.Value.RetryMilliseconds) * Math.Pow(2, item.Attempts - 1);
        pause = pause < LongestPause ? pause : LongestPause;
        Log.WorkFaulted(logger, item.Kind, item.Id, item.Attempts, pause, exception);
        await store.RetryAsync(item, pause, exception.GetType().Name, cancellationToken);
    }

    private async Task GiveUpAsync(
        IWorkHandler handler,
        WorkItem item,
        Exception? exception,
        CancellationToken cancellationToken
    )
    {
        Log.WorkGivenUp(logger, item.Kind, item.Id, exception);
        await handler.GiveUpAsync(item, exception, cancellationToken);
        await store.FailedAsync(item, exception?.GetType().Name, cancellationToken);
    }

    /// <summary>Ends the run when the lease is lost, or when it could not be renewed for as long as it lasts.</summary>
    private async Task RenewAsync(WorkItem item, CancellationTokenSource lease)
    {
        using var timer = new PeriodicTimer(options.Value.Lease / 3);
        var failures = 0;
        while (!lease.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(lease.Token);
                if (!await store.RenewAsync(item, options.Value.Lease, lease.Token))
                {
                    await lease.CancelAsync();
                }

                failures = 0;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.LeaseNotRenewed(logger, item.Kind, item.Id, exception);
                if (++failures >= 3)
                {
                    await lease.CancelAsync();
                }
            }
        }
    }
}
