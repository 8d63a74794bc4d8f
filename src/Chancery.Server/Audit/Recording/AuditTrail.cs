using System.Collections.Concurrent;
using Chancery.Server.Audit.Chain;
using Npgsql;

namespace Chancery.Server.Audit.Recording;

/// <summary>Takes what happened, for good: the way into the record. Safe for concurrent use.</summary>
/// <remarks>
/// What it is given is in the database when it answers. Where the database does not take it within two seconds, it is kept in this
/// process and tried again until it does; nobody's success becomes a failure by it.
/// </remarks>
internal sealed class AuditTrail(
    InboxStore inbox,
    ChainSignals signals,
    AuditMeter meter,
    TimeProvider time,
    ILogger<AuditTrail> logger
) : BackgroundService
{
    /// <summary>Beyond that the newest are given up, and counted.</summary>
    public const int MostKept = 20_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastTries = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<InboxRow> _kept = new();
    private int _keptCount;
    private volatile bool _isAway;

    /// <summary>How many wait for the database.</summary>
    public int Kept => Volatile.Read(ref _keptCount);

    /// <summary>Writes one event down. Never fails, and is not ended by its request.</summary>
    public async Task RecordAsync(AuditEvent happened)
    {
        var row = InboxRow.Of(happened, time.GetUtcNow());
        meter.Recorded(row.Outcome);
        // While the database is away nobody waits for it in vain.
        if (_isAway || !await TryAsync(row, Patience))
        {
            Keep(row);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        meter.Waiting = () => Kept;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(BetweenTries, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DrainAsync(Patience);
        }

        // Requests have ended by then.
        using var over = new CancellationTokenSource(LastTries);
        while (Kept > 0 && !over.IsCancellationRequested)
        {
            await DrainAsync(Patience);
            if (Kept > 0)
            {
                await Task.Delay(BetweenTries, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (Kept > 0)
        {
            meter.Lost(Kept);
            Log.EntriesLost(logger, Kept);
        }
    }

    /// <summary>Writes what was kept, oldest first, until the database refuses.</summary>
    private async Task DrainAsync(TimeSpan patience)
    {
        long written = 0;
        while (_kept.TryPeek(out var row))
        {
            if (!await TryAsync(row, patience))
            {
                return;
            }

            _kept.TryDequeue(out _);
            Interlocked.Decrement(ref _keptCount);
            written++;
        }

        if (_isAway)
        {
            _isAway = false;
            Log.RecordBack(logger, written);
        }
    }

    /// <summary>False when the database is away, and it is to be tried again.</summary>
    private async Task<bool> TryAsync(InboxRow row, TimeSpan patience)
    {
        try
        {
            using var limit = new CancellationTokenSource(patience);
            await inbox.AddAsync(row, limit.Token);
            signals.Raise(row.TenantId);
            return true;
        }
        catch (PostgresException exception) when (!exception.IsTransient && IsOfTheRow(exception))
        {
            // It would be refused for ever, and hold up all that come after it.
            meter.Lost(1);
            Log.EntryNotTaken(logger, row.TenantId, row.Action, exception);
            return true;
        }
        catch (Exception exception)
            when (exception is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            if (!_isAway)
            {
                Log.RecordAway(logger, exception);
            }

            _isAway = true;
            return false;
        }
    }

    private void Keep(InboxRow row)
    {
        if (Interlocked.Increment(ref _keptCount) > MostKept)
        {
            Interlocked.Decrement(ref _keptCount);
            meter.Lost(1);
            Log.EntriesLost(logger, 1);
            return;
        }

        meter.Deferred();
        _kept.Enqueue(row);
    }

    // Class 22 (data exception) and 23 (integrity): the row itself is at fault.
    private static bool IsOfTheRow(PostgresException exception) =>
        exception.SqlState.StartsWith("22", StringComparison.Ordinal)
        || exception.SqlState.StartsWith("23", StringComparison.Ordinal);
}
