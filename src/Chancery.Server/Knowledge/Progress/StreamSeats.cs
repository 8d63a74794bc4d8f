using System.Collections.Concurrent;
using Chancery.Server.Access;

namespace Chancery.Server.Knowledge.Progress;

/// <summary>How many documents one principal may watch at the same time. Safe for concurrent use.</summary>
internal sealed class StreamSeats
{
    public const int Most = 20;

    private readonly ConcurrentDictionary<(Guid Tenant, Guid Principal), int> _taken = [];

    /// <summary>Dispose the seat when the stream ends; null when all are taken.</summary>
    public IDisposable? TryTake(Principal principal)
    {
        var key = (principal.Tenant.Value, principal.Id);
        while (true)
        {
            var taken = _taken.GetOrAdd(key, 0);
            if (taken >= Most)
            {
                return null;
            }

            if (_taken.TryUpdate(key, taken + 1, taken))
            {
                return new Seat(this, key);
            }
        }
    }

    private void Leave((Guid Tenant, Guid Principal) key)
    {
        var left = _taken.AddOrUpdate(key, 0, static (_, taken) => taken - 1);
        if (left == 0)
        {
            // Only if nobody sat down meanwhile.
            _taken.TryRemove(KeyValuePair.Create(key, 0));
        }
    }

    private sealed class Seat(StreamSeats seats, (Guid Tenant, Guid Principal) key) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                seats.Leave(key);
            }
        }
    }
}
