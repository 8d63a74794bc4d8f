using System.Collections.Concurrent;

namespace Chancery.Server.Knowledge.Search;

/// <summary>How long each stage of one search took. Safe for concurrent use.</summary>
internal sealed class StageTimes(TimeProvider time)
{
    public const string Embedding = "embedding";
    public const string Words = "words";
    public const string Meaning = "meaning";

    /// <summary>Bringing an index in memory to where the tenant stands.</summary>
    public const string Index = "index";

    /// <summary>Both rankings of an index in memory.</summary>
    public const string Ranking = "ranking";

    /// <summary>Reading the passages that were found, and fusing what takes their texts.</summary>
    public const string Texts = "texts";

    /// <summary>Ranking the best of them again.</summary>
    public const string Reranking = "reranking";

    private readonly ConcurrentDictionary<string, double> _milliseconds = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, double> Milliseconds => _milliseconds;

    public T Of<T>(string stage, Func<T> run)
    {
        var started = time.GetTimestamp();
        var result = run();
        _milliseconds[stage] = time.GetElapsedTime(started).TotalMilliseconds;
        return result;
    }

    public async Task OfAsync(string stage, Func<Task> run)
    {
        var started = time.GetTimestamp();
        await run();
        _milliseconds[stage] = time.GetElapsedTime(started).TotalMilliseconds;
    }

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
