namespace Chancery.Server.Platform.Engines;

/// <summary>One engine that is kept running: started, watched, started again when it crashes, stopped.</summary>
internal sealed class SupervisedEngine(
    EngineLaunch launch,
    Func<int, CancellationToken, Task<bool>> isReady,
    TimeSpan startTimeout,
    EngineThread thread,
    LeftoverEngines leftovers,
    ILogger logger
) : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stopping = new();
    private EngineProcess? _process;
    private Task _watch = Task.CompletedTask;

    public event EventHandler<EngineState>? Failed;

    public EngineState State { get; private set; } = new(launch.Name, IsUp: false, 0, 0, null);

    /// <summary>Starts the engine and waits until it answers.</summary>
    /// <exception cref="EngineException">It ended, or does not answer in time.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await StartProcessAsync(cancellationToken);
        _watch = WatchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watch;

        if (_process is not null)
        {
            await _process.StopAsync();
            _process.Dispose();
        }

        State = State with { IsUp = false };
        _stopping.Dispose();
    }

    private async Task StartProcessAsync(CancellationToken cancellationToken)
    {
        var process = await thread.InvokeAsync(() => EngineProcess.Start(launch));
        _process?.Dispose();
        _process = process;
        leftovers.Record(launch.Name, process.Identity);

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(startTimeout);

        try
        {
            while (!await isReady(process.ProcessId, timeout.Token))
            {
                if (process.HasExited)
                {
                    throw EngineFailure.Explain(launch, process.LastWords());
                }

                await Task.Delay(Poll, timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException(
                $"{launch.Name} did not answer within {startTimeout.TotalSeconds:0} s; see {launch.LogPath}"
            );
        }

        State = State with { IsUp = true, ProcessId = process.ProcessId };
    }

    private async Task WatchAsync()
    {
        var pause = FirstPause;

        while (await EndedByItselfAsync())
        {
            var words = EngineFailure.LastLine(_process!.LastWords());
            Log.EngineCrashed(logger, launch.Name, State.ProcessId, words);
            State = State with { IsUp = false, Restarts = State.Restarts + 1, LastFailure = words };
            ThreadPool.QueueUserWorkItem(_ => Failed?.Invoke(this, State));

            while (!State.IsUp && !_stopping.IsCancellationRequested)
            {
                try
                {
                    await Task.Delay(pause, _stopping.Token);
                    await StartProcessAsync(_stopping.Token);
                    Log.EngineRestarted(logger, launch.Name, State.ProcessId);
                    pause = FirstPause;
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                // Whatever it was (no memory to fork, no file to open): the engine is needed, so it is tried again.
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    Log.EngineStaysDown(logger, launch.Name, exception.Message);
                    await _process.StopAsync();
                    State = State with { LastFailure = exception.Message };
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                }
            }
        }
    }

    /// <summary>False when the engine is being stopped.</summary>
    private async Task<bool> EndedByItselfAsync()
    {
        try
        {
            await _process!.WaitForEndAsync().WaitAsync(_stopping.Token);
            return !_stopping.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
