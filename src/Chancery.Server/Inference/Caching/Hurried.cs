namespace Chancery.Server.Inference.Caching;

/// <summary>Waits for Redis no longer than a cache is worth. Safe for concurrent use.</summary>
internal sealed class Hurried(TimeProvider time)
{
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    // A Redis that is there and slow is not waited for by each request again.
    private static readonly TimeSpan LeftAlone = TimeSpan.FromSeconds(2);

    private long _until;

    /// <summary>Null where it takes too long; what was asked goes on, and nobody listens.</summary>
    /// <param name="ask">Not called at all while Redis is left alone.</param>
    public async Task<T?> OrNothingAsync<T>(Func<Task<T?>> ask)
        where T : class
    {
        if (Environment.TickCount64 < Volatile.Read(ref _until))
        {
            return null;
        }

        var asked = ask();
        if (asked.IsCompleted)
        {
            return await asked;
        }

        try
        {
            return await asked.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            Volatile.Write(ref _until, Environment.TickCount64 + (long)LeftAlone.TotalMilliseconds);
            return null;
        }
    }
}
