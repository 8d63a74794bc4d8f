namespace Chancery.Server.Inference.Ledger;

/// <summary>
/// The time by which money is counted. It never goes back, so that a clock that is put back opens no window that had closed; beyond
/// an hour the machine is believed, or a clock that had once been far ahead would stay there.
/// </summary>
internal sealed class LedgerClock(TimeProvider time)
{
    private static readonly long MostHeldTicks = TimeSpan.FromHours(1).Ticks;

    private long _latest;

    public TimeProvider Time => time;

    public DateTimeOffset Now
    {
        get
        {
            var now = time.GetUtcNow().UtcTicks;
            while (true)
            {
                var latest = Volatile.Read(ref _latest);
                if (now <= latest && latest - now <= MostHeldTicks)
                {
                    return new DateTimeOffset(latest, TimeSpan.Zero);
                }

                if (Interlocked.CompareExchange(ref _latest, now, latest) == latest)
                {
                    return new DateTimeOffset(now, TimeSpan.Zero);
                }
            }
        }
    }
}
