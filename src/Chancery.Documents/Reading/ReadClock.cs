using System.Diagnostics;

namespace Chancery.Documents;

/// <summary>Bounds a reader's time for a page and for the file. What the caller spends between pages does not count.</summary>
internal sealed class ReadClock(TimeSpan perFile, TimeSpan perPage)
{
    private readonly Stopwatch _spent = new();

    /// <summary>Runs one step.</summary>
    /// <param name="page">For the message.</param>
    /// <exception cref="DocumentUnreadableException">Time is up.</exception>
    public async ValueTask<T> RunAsync<T>(
        Func<CancellationToken, ValueTask<T>> step,
        int page,
        CancellationToken cancellationToken
    )
    {
        var left = perFile - _spent.Elapsed;
        if (left <= TimeSpan.Zero)
        {
            throw Failures.TimedOut(page);
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(left < perPage ? left : perPage);
        _spent.Start();
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
            _spent.Stop();
        }
    }
}
