using System.Diagnostics;

namespace Chancery.Documents;

/// <summary>Bounds the time in which one file's images are read: each of them, and all together.</summary>
internal sealed class RecognitionBudget(ReaderOptions options)
{
    private long _spentTicks;

    /// <summary>Whether the file has had all of its time.</summary>
    public bool IsSpent => TimeSpan.FromTicks(Interlocked.Read(ref _spentTicks)) >= options.OcrFileTimeout;

    /// <summary>Runs one step. Steps may run at the same time; their times add up.</summary>
    /// <param name="page">For the message.</param>
    /// <exception cref="DocumentUnreadableException">Time is up.</exception>
    public async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> step,
        int page,
        CancellationToken cancellationToken
    )
    {
        var left = options.OcrFileTimeout - TimeSpan.FromTicks(Interlocked.Read(ref _spentTicks));
        if (left <= TimeSpan.Zero)
        {
            throw Failures.TimedOut(page);
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(left < options.OcrPageTimeout ? left : options.OcrPageTimeout);
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await step(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failures.TimedOut(page);
        }
        finally
        {
            Interlocked.Add(ref _spentTicks, Stopwatch.GetElapsedTime(started).Ticks);
        }
    }
}
