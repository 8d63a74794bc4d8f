using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// How many archives a process writes and reads at once: each holds a connection, and reads or writes as fast as the disk lets it. One
/// organisation takes one seat, so that none keeps the others waiting alone. Safe for concurrent use.
/// </summary>
internal sealed class ArchiveSeats
{
    public const int Most = 2;

    private readonly Lock _lock = new();
    private readonly List<TenantId?> _taken = [];

    /// <summary>Dispose it to give the seat back.</summary>
    /// <param name="tenant">Whose archive it is; null where only the archive itself will say.</param>
    /// <exception cref="ArchiveException">All are taken, or the organisation has one.</exception>
    public IDisposable Take(TenantId? tenant = null)
    {
        lock (_lock)
        {
            if (tenant is not null && _taken.Contains(tenant))
            {
                throw new ArchiveException(
                    ArchiveFault.Busy,
                    "The organisation is just being exported: try again when that has ended."
                );
            }

            if (_taken.Count == Most)
            {
                throw new ArchiveException(
                    ArchiveFault.Busy,
                    $"{Most} archives are being written or read already: try again when one of them has ended."
                );
            }

            _taken.Add(tenant);
            return new Seat(this, tenant);
        }
    }

    private void GiveBack(TenantId? tenant)
    {
        lock (_lock)
        {
            _taken.Remove(tenant);
        }
    }

    private sealed class Seat(ArchiveSeats seats, TenantId? tenant) : IDisposable
    {
        private int _isBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isBack, 1) == 0)
            {
                seats.GiveBack(tenant);
            }
        }
    }
}
