namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// How many archives a process writes and reads at once: each holds a connection, and reads or writes as fast as the disk lets it. Safe
/// for concurrent use.
/// </summary>
internal sealed class ArchiveSeats
{
    public const int Most = 2;

    private int _taken;

    /// <summary>Dispose it to give the seat back.</summary>
    /// <exception cref="ArchiveException">All are taken.</exception>
    public IDisposable Take()
    {
        if (Interlocked.Increment(ref _taken) > Most)
        {
            Interlocked.Decrement(ref _taken);
            throw new ArchiveException(
                ArchiveFault.Busy,
                $"{Most} archives are being written or read already: try again when one of them has ended."
            );
        }

        return new Seat(this);
    }

    private sealed class Seat(ArchiveSeats seats) : IDisposable
    {
        private int _isBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isBack, 1) == 0)
            {
                Interlocked.Decrement(ref seats._taken);
            }
        }
    }
}
