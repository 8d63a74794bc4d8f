using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Copies what the journal has to PostgreSQL, every 100 ms, or sooner when 500 entries wait or somebody asks.</summary>
/// <remarks>Safe for concurrent use.</remarks>
internal sealed class LedgerWriter(
    LedgerStore store,
    LedgerPulse pulse,
    Journal journal,
    LedgerOptions options,
    TimeProvider time,
    ILogger<LedgerWriter> logger
) : BackgroundService
{
    private const int BatchEntries = 500;
    private const long BeatMilliseconds = 1000;

    private static readonly TimeSpan Rhythm = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _hurry = new(0, 1);
    private readonly SemaphoreSlim _copying = new(1, 1);
    private List<LedgerEntry> _waiting = [];
    private int _copyingNow;
    private long _waitsSince;
    private long _lastBeat;

    /// <summary>Called for each tenant after its entries were copied.</summary>
    public Action<TenantId>? Copied { get; set; }

    /// <summary>Whether PostgreSQL has taken nothing for longer than calls may go on without it.</summary>
    public bool IsTooFarBehind =>
        Volatile.Read(ref _waitsSince) is > 0 and var since && time.GetElapsedTime(since) > options.Grace;

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count + _copyingNow;
            }
        }
    }

    /// <summary>Takes what the journal has just taken.</summary>
    public void Enqueue(params ReadOnlySpan<LedgerEntry> entries)
    {
        int count;
        lock (_gate)
        {
            if (_waitsSince == 0)
            {
                _waitsSince = time.GetTimestamp();
            }

            _waiting.AddRange(entries);
            count = _waiting.Count;
        }

        if (count >= BatchEntries)
        {
            Hurry();
        }
    }

    public void Hurry()
    {
        if (_hurry.CurrentCount == 0)
        {
            try
            {
                _hurry.Release();
            }
            catch (SemaphoreFullException)
            {
                // Somebody else was as quick.
            }
        }
    }

    /// <summary>Copies everything that waits now.</summary>
    /// <exception cref="NpgsqlException">PostgreSQL does not take it; it stays in the journal and is tried again.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _copying.WaitAsync(cancellationToken);
        try
        {
            await CopyWaitingAsync(cancellationToken);
        }
        finally
        {
            _copying.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await FlushAsync(cancellationToken);
            await pulse.LeaveAsync(cancellationToken);
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            Log.CopyFailed(logger, Waiting, exception);
        }

        journal.Close(Waiting == 0);
    }

    public override void Dispose()
    {
        base.Dispose();
        _hurry.Dispose();
        _copying.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isHurried = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(isHurried, stoppingToken);
                isHurried = await _hurry.WaitAsync(Rhythm, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // Whatever it is, the entries stay in the journal, and the next round tries again.
            catch (Exception exception)
            {
                Log.CopyFailed(logger, Waiting, exception);
                await Task.Delay(RetryAfter, CancellationToken.None);
            }
        }
    }

    private async Task RoundAsync(bool isHurried, CancellationToken cancellationToken)
    {
        var isBeatDue = isHurried || !pulse.IsKnown || Environment.TickCount64 - _lastBeat > BeatMilliseconds;
        if (Waiting == 0 && !isBeatDue)
        {
            return;
        }

        await _copying.WaitAsync(cancellationToken);
        try
        {
            if (isHurried)
            {
                // Somebody waits at a fence: what is copied next counts from this moment on, not only from the last beat.
                await pulse.BeatAsync(isCopied: false, cancellationToken);
            }

            var isDrained = await pulse.DrainAsync(cancellationToken);
            await CopyWaitingAsync(cancellationToken);
            await pulse.BeatAsync(isDrained, cancellationToken);
            _lastBeat = Environment.TickCount64;
        }
        finally
        {
            _copying.Release();
        }

        journal.Turn(() => Waiting == 0);
    }

    private async Task CopyWaitingAsync(CancellationToken cancellationToken)
    {
        List<LedgerEntry> taken;
        lock (_gate)
        {
            (taken, _waiting) = (_waiting, []);
            _copyingNow = taken.Count;
        }

        if (taken.Count == 0)
        {
            return;
        }

        var failed = new List<LedgerEntry>();
        Exception? failure = null;
        foreach (var tenant in taken.GroupBy(entry => entry.Tenant))
        {
            var entries = tenant.ToList();
            if (failure is not null)
            {
                failed.AddRange(entries);
                continue;
            }

            try
            {
                await CopyAsync(new TenantId(tenant.Key), entries, cancellationToken);
            }
            catch (Exception exception)
            {
                failure = exception;
                failed.AddRange(entries);
            }
        }

        lock (_gate)
        {
            _copyingNow = 0;
            if (failed.Count > 0)
            {
                // In front: the order within a tenant is the order of the journal. Those that were copied change nothing again.
                failed.AddRange(_waiting);
                _waiting = failed;
            }
            else
            {
                _waitsSince = _waiting.Count > 0 ? time.GetTimestamp() : 0;
            }
        }

        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Copies one tenant's entries in pieces.</summary>
    internal async Task CopyAsync(
        TenantId tenant,
        IReadOnlyList<LedgerEntry> entries,
        CancellationToken cancellationToken
    )
    {
        try
        {
            foreach (var piece in entries.Chunk(BatchEntries))
            {
                await store.CopyAsync(tenant, piece, cancellationToken);
            }
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            Log.TenantErased(logger, entries.Count, tenant.Value);
            return;
        }

        Copied?.Invoke(tenant);
    }
}
