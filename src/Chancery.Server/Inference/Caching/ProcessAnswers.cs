using Microsoft.Extensions.Caching.Memory;

namespace Chancery.Server.Inference.Caching;

/// <summary>The first level: answers in this process, within a limit of memory. Safe for concurrent use.</summary>
internal sealed class ProcessAnswers(AnswerCacheOptions options, TimeProvider time) : IDisposable
{
    private readonly MemoryCache _answers = new(
        new MemoryCacheOptions { SizeLimit = options.ProcessBytes, TrackStatistics = true }
    );

    public long Bytes => _answers.GetCurrentStatistics()?.CurrentEstimatedSize ?? 0;

    public int Count => _answers.Count;

    public CachedAnswer? Find(string name) =>
        // Its own clock evicts; this one decides.
        _answers.TryGetValue(name, out Entry? found)
        && found!.ExpiresAt > time.GetUtcNow()
            ? found.Answer
            : null;

    public void Keep(string name, CachedAnswer answer)
    {
        var now = time.GetUtcNow();
        var left = answer.ExpiresAt - now;
        var life = left < options.ProcessTimeToLive ? left : options.ProcessTimeToLive;
        // One answer must not push out all others.
        if (life <= TimeSpan.Zero || answer.Bytes > options.ProcessBytes / 8)
        {
            return;
        }

        using var entry = _answers.CreateEntry(name);
        entry.Value = new Entry(answer, now + life);
        entry.Size = answer.Bytes + (2L * name.Length);
        entry.AbsoluteExpirationRelativeToNow = life;
    }

    public void Remove(string name) => _answers.Remove(name);

    /// <summary>All whose names begin so. Looks at each name once.</summary>
    public int RemoveAll(string prefix)
    {
        var removed = 0;
        foreach (
            var name in _answers.Keys.OfType<string>().Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
        )
        {
            _answers.Remove(name);
            removed++;
        }

        return removed;
    }

    public void Dispose() => _answers.Dispose();

    private sealed record Entry(CachedAnswer Answer, DateTimeOffset ExpiresAt);
}
