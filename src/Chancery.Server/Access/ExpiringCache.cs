using System.Collections.Concurrent;

namespace Chancery.Server.Access;

/// <summary>A bounded map whose entries die by age. Losing an entry is never wrong, only slower.</summary>
/// <remarks>
/// When full, expired entries go first and then everything: simpler than an order of use, and the next request of
/// each caller fills it again. Safe for concurrent use.
/// </remarks>
internal sealed class ExpiringCache<TKey, TValue>(TimeProvider time, TimeSpan life, int capacity)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private long _generation;
    private int _count;

    /// <summary>Take it before reading the truth; <see cref="Set"/> refuses a value that a drop has overtaken.</summary>
    public long Generation => Volatile.Read(ref _generation);

    public bool TryGet(TKey key, out TValue value)
    {
        if (_entries.TryGetValue(key, out var entry) && time.GetTimestamp() < entry.ExpiresAt)
        {
            value = entry.Value;
            return true;
        }

        value = default!;
        return false;
    }

    /// <summary>Keeps the value unless something was dropped since <paramref name="generation"/> was taken.</summary>
    public void Set(TKey key, TValue value, long generation)
    {
        if (Generation != generation)
        {
            return;
        }

        if (Volatile.Read(ref _count) >= capacity)
        {
            MakeRoom();
        }

        var entry = new Entry(value, time.GetTimestamp() + (long)(life.TotalSeconds * time.TimestampFrequency));
        if (_entries.TryAdd(key, entry))
        {
            Interlocked.Increment(ref _count);
        }
        else
        {
            _entries[key] = entry;
        }

        // A drop between the check above and the write must win, too.
        if (Generation != generation)
        {
            Remove(key);
        }
    }

    public void Drop(TKey key)
    {
        Interlocked.Increment(ref _generation);
        Remove(key);
    }

    public void DropWhere(Func<TValue, bool> condition)
    {
        Interlocked.Increment(ref _generation);
        foreach (var (key, entry) in _entries)
        {
            if (condition(entry.Value))
            {
                Remove(key);
            }
        }
    }

    private void Remove(TKey key)
    {
        if (_entries.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private void MakeRoom()
    {
        var now = time.GetTimestamp();
        foreach (var (key, entry) in _entries)
        {
            if (entry.ExpiresAt <= now)
            {
                Remove(key);
            }
        }

        if (Volatile.Read(ref _count) >= capacity)
        {
            foreach (var key in _entries.Keys)
            {
                Remove(key);
            }
        }
    }

    private readonly record struct Entry(TValue Value, long ExpiresAt);
}
