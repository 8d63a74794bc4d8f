using System.Collections.Concurrent;

namespace Chancery.Server.Knowledge.Search;

/// <summary>How long each stage of one search took. Safe for concurrent use.</summary>
internal sealed class StageTimes(TimeProvider time)
{
    public const string Embedding = "embedding";
    public const string Words = "words";
    public const string Meaning = "meaning";

    private readonly ConcurrentDictionary<string, double> _milliseconds = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, double> Milliseconds => _milliseconds;

    public async Task<T> OfAsync<T>(string stage, Func<Task<T>> run)
    {
        var started = time.GetTimestamp();
        try
        {
            return await run();
        }
        finally
        {
            _milliseconds[stage] = time.GetElapsedTime(started).TotalMilliseconds;
        }
    }
}
