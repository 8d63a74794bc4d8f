using System.Collections.Concurrent;

namespace Chancery.Server.Audit.Live;

/// <summary>How many of one organisation may watch at the same time, on this server. Safe for concurrent use.</summary>
internal sealed class LiveSeats
{
    public const int Most = 20;

    private readonly ConcurrentDictionary<Guid, int> _taken = [];

    /// <summary>Dispose the seat when the stream ends; null when all are taken.</summary>
    public IDisposable? TryTake(Guid tenant)
    {
        while (true)
        {
            var taken = _taken.GetOrAdd(tenant, 0);
            if (taken >= Most)
            {
                return null;
            }

            if (_taken.TryUpdate(tenant, taken + 1, taken))
            {
                return new Seat(this, tenant);
            }
        }
    }

    private void Leave(Guid tenant)
    {
        if (_taken.AddOrUpdate(tenant, 0, static (_, taken) => taken - 1) == 0)
        {
            // Only if nobody sat down meanwhile.
            _taken.TryRemove(KeyValuePair.Create(tenant, 0));
        }
    }

    private sealed class Seat(LiveSeats seats, Guid tenant) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                seats.Leave(tenant);
            }
        }
    }
}
