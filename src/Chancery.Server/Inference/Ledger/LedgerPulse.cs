using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Ledger;

/// <summary>
/// On which way reservations are taken now, and what all servers know of it. Servers tell PostgreSQL once a second, and after each
/// copy, that they live, which way they know, and up to when everything that they granted is copied.
/// </summary>
/// <remarks>
/// The way is Redis, or PostgreSQL while Redis does not answer; each change raises the epoch. Whoever counts anew first waits at the
/// fence until every server that lives knows the epoch and has copied what it granted before: so nothing is granted twice.
/// Safe for concurrent use.
/// </remarks>
internal sealed class LedgerPulse(Doors doors, RedisGateway redis, ILogger<LedgerPulse> logger)
{
    /// <summary>A server that was not seen for so long is gone; what its journal holds is booked by whoever finds it.</summary>
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FencePatience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan FenceStep = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan DrainPatience = TimeSpan.FromMilliseconds(250);

    private const string BeatSql = """
        INSERT INTO ledger_processes AS p (process_id, epoch, copied_at, seen_at)
        VALUES (@process, @epoch, coalesce(@copied, '-infinity'::timestamptz), clock_timestamp())
        ON CONFLICT (process_id) DO UPDATE
        SET epoch = excluded.epoch, copied_at = greatest(p.copied_at, excluded.copied_at), seen_at = excluded.seen_at
        RETURNING (SELECT s.epoch FROM ledger_state AS s) AS epoch, (SELECT s.way FROM ledger_state AS s) AS way,
                  clock_timestamp() AS now
        """;

    private const string LeaveSql = "DELETE FROM ledger_processes WHERE process_id = @process RETURNING process_id";

    private const string RaiseSql = """
        UPDATE ledger_state SET epoch = epoch + 1, way = @way, changed_at = clock_timestamp()
        WHERE epoch = @epoch RETURNING epoch
        """;

    private const string NowSql = "SELECT clock_timestamp() AS now";

    private const string BehindSql = """
        SELECT process_id FROM ledger_processes
        WHERE seen_at > clock_timestamp() - @gone AND (epoch < @epoch OR copied_at <= @since)
        """;

    private const string ForgetGoneSql =
        "DELETE FROM ledger_processes WHERE seen_at < clock_timestamp() - interval '1 hour' RETURNING process_id";

    /// <summary>On which servers that wait at a fence ask the others to copy.</summary>
    public const string HurryChannel = "ledger:hurry";

    private readonly Guid _process = Guid.CreateVersion7();
    private Era _era = new(0, isRedis: true);
    private DateTime? _beganAt;

    /// <summary>Asks the writer to copy and to beat at once.</summary>
    public Action Hurry { get; set; } = () => { };

    public long Epoch => Volatile.Read(ref _era).Epoch;

    public bool IsKnown => Epoch > 0;

    public bool IsRedis => Volatile.Read(ref _era).IsRedis;

    /// <summary>
    /// Begins a grant: until it is disposed, and so until the journal has it, no beat says that everything is copied.
    /// </summary>
    public Turn Enter()
    {
        while (true)
        {
            var era = Volatile.Read(ref _era);
            era.Enter();
            if (ReferenceEquals(era, Volatile.Read(ref _era)))
            {
                return new Turn(era);
            }

            era.Leave();
        }
    }

    /// <summary>Waits for the grants that are under way; what they wrote is then part of what is copied next.</summary>
    public async Task<bool> DrainAsync(CancellationToken cancellationToken)
    {
        var old = Volatile.Read(ref _era);
        // Another may have learned of a new epoch meanwhile; the next round drains that.
        if (Interlocked.CompareExchange(ref _era, new Era(old.Epoch, old.IsRedis), old) != old)
        {
            return false;
        }

        return await old.IsEmptyAsync(DrainPatience, cancellationToken);
    }

    /// <summary>Tells that this server lives and, where <paramref name="isCopied"/>, that all is copied that was granted before the last beat.</summary>
    public async Task BeatAsync(bool isCopied, CancellationToken cancellationToken)
    {
        var row = await doors.FindAsync<BeatRow>(
            BeatSql,
            new
            {
                process = _process,
                epoch = Epoch,
                copied = isCopied ? _beganAt : null,
            },
            cancellationToken
        );
        _beganAt = row!.Now;
        if (row.Epoch == Epoch)
        {
            return;
        }

        var old = Volatile.Read(ref _era);
        Volatile.Write(ref _era, new Era(row.Epoch, row.Way == "redis"));
        if (old.Epoch > 0)
        {
            Log.WayChanged(logger, row.Way, row.Epoch);
        }

        // Who granted under the old epoch writes it down first; the next beat then tells that the new one is known.
        await old.IsEmptyAsync(FencePatience, cancellationToken);
        Hurry();
    }

    public Task LeaveAsync(CancellationToken cancellationToken) =>
        doors.QueryAsync<Guid>(LeaveSql, new { process = _process }, cancellationToken);

    public Task ForgetGoneAsync(CancellationToken cancellationToken) =>
        doors.QueryAsync<Guid>(ForgetGoneSql, null, cancellationToken);

    /// <summary>From here on reservations are taken in Redis, or in PostgreSQL, unless somebody has changed that since <paramref name="epoch"/>.</summary>
    public async Task RaiseAsync(long epoch, bool toRedis, CancellationToken cancellationToken)
    {
        await doors.QueryAsync<long>(RaiseSql, new { epoch, way = toRedis ? "redis" : "postgres" }, cancellationToken);
        Hurry();
    }

    /// <summary>
    /// True once every server that lives knows <paramref name="epoch"/> and has copied what it granted before now; false when one does
    /// not get there in time.
    /// </summary>
    public async Task<bool> FenceAsync(long epoch, CancellationToken cancellationToken)
    {
        var since = (await doors.QueryAsync<DateTime>(NowSql, null, cancellationToken))[0];
        var deadline = Environment.TickCount64 + (long)FencePatience.TotalMilliseconds;
        // Else they would beat within a second.
        await redis.PublishAsync(HurryChannel, "");
        while (true)
        {
            Hurry();
            await Task.Delay(FenceStep, cancellationToken);
            var behind = await doors.QueryAsync<Guid>(
                BehindSql,
                new
                {
                    epoch,
                    since,
                    gone = GoneAfter,
                },
                cancellationToken
            );
            if (behind.Count == 0)
            {
                return true;
            }

            if (Environment.TickCount64 > deadline)
            {
                Log.FenceNotReached(logger, behind.Count);
                return false;
            }
        }
    }

    /// <summary>Grants of one epoch between two beats.</summary>
    internal sealed class Era(long epoch, bool isRedis)
    {
        private int _inside;

        public long Epoch => epoch;

        public bool IsRedis => isRedis;

        public void Enter() => Interlocked.Increment(ref _inside);

        public void Leave() => Interlocked.Decrement(ref _inside);

        public async Task<bool> IsEmptyAsync(TimeSpan patience, CancellationToken cancellationToken)
        {
            var deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
            while (Volatile.Read(ref _inside) > 0)
            {
                if (Environment.TickCount64 > deadline)
                {
                    return false;
                }

                await Task.Delay(1, cancellationToken);
            }

            return true;
        }
    }

    /// <summary>A grant that is under way.</summary>
    internal readonly struct Turn(Era era) : IDisposable
    {
        public long Epoch => era.Epoch;

        public bool IsRedis => era.IsRedis;

        public void Dispose() => era.Leave();
    }

    private sealed record BeatRow
    {
        public long Epoch { get; init; }
        public string Way { get; init; } = "";
        public DateTime Now { get; init; }
    }
}
