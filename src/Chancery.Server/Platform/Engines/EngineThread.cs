using System.Collections.Concurrent;

namespace Chancery.Server.Platform.Engines;

/// <summary>
/// The one thread that starts engines. A parent-death signal follows the thread that forked, not the process: an engine
/// started from the pool dies when the pool retires that thread, with the server alive and well.
/// </summary>
internal sealed class EngineThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    public EngineThread()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "engines" };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> on the thread.</summary>
    public Task<T> InvokeAsync<T>(Func<T> work)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

        _work.Add(() =>
        {
            try
            {
                completion.SetResult(work());
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                completion.SetException(exception);
            }
        });

        return completion.Task;
    }

    /// <summary>Ends the thread, and with it whatever it started that still runs.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
