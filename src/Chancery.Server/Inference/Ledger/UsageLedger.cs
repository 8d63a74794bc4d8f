using Npgsql;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Reserve, call, settle. Safe for concurrent use.</summary>
/// <remarks>
/// What was reserved and settled is in this process's journal when a call returns, and in PostgreSQL a tenth of a second later; a killed
/// process loses none of it. Settled and reserved money together never exceed a cap, and tokens no quota.
/// </remarks>
public sealed class UsageLedger
{
    private readonly BudgetGate _gate;
    private readonly LedgerWriter _writer;
    private readonly Journal _journal;
    private readonly LedgerClock _clock;
    private readonly LedgerOptions _options;
    private readonly MessageCounts _counts;
    private readonly ILogger<UsageLedger> _logger;
    private readonly Action<Reservation> _write;

    internal UsageLedger(
        BudgetGate gate,
        LedgerWriter writer,
        Journal journal,
        LedgerClock clock,
        LedgerOptions options,
        MessageCounts counts,
        ILogger<UsageLedger> logger
    )
    {
        (_gate, _writer, _journal, _clock, _options, _counts, _logger) = (
            gate,
            writer,
            journal,
            clock,
            options,
            counts,
            logger
        );
        _write = reservation => Write(LedgerEntry.Reserved(reservation));
    }

    /// <summary>
    /// Whether any cap counts for the payer: then what has no price cannot be allowed. True where it cannot be known.
    /// </summary>
    public async ValueTask<bool> HasCapsAsync(Payer payer, CancellationToken cancellationToken)
    {
        try
        {
            return await _gate.HasCapsAsync(payer, cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.UpkeepFailed(_logger, exception);
            return true;
        }
    }

    /// <summary>Takes the worst case on all levels or on none, and writes it down, before the call goes anywhere.</summary>
    public async ValueTask<ReserveOutcome> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var now = _clock.Now;
        if (request.WorstCase > NanoDollars.Largest || request.WorstCase < NanoDollars.Zero)
        {
            return new ReserveOutcome.Refused(TooLarge(now));
        }

        if (_writer.IsTooFarBehind)
        {
            return new ReserveOutcome.Unavailable("The ledger's database does not answer. Try again in a few seconds.");
        }

        var reservation = new Reservation(request, now);
        try
        {
            var outcome = await _gate.TakeAsync(reservation, _write, cancellationToken);
            if (_options.IsSync && outcome is ReserveOutcome.Granted)
            {
                await _writer.FlushAsync(cancellationToken);
            }

            return outcome;
        }
        catch (IOException exception)
        {
            Log.JournalFailed(_logger, exception);
            Abandon(reservation);
            return new ReserveOutcome.Unavailable("The ledger's journal cannot be written. Ask the operator.");
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            Log.UpkeepFailed(_logger, exception);
            Abandon(reservation);
            return new ReserveOutcome.Unavailable("The ledger does not answer. Try again in a few seconds.");
        }
        catch (OperationCanceledException)
        {
            Abandon(reservation);
            throw;
        }
    }

    /// <summary>
    /// Books what the attempts really cost. Never throws, never waits for the network; the journal has it on return. No attempt at all
    /// is a release.
    /// </summary>
    public void Settle(Reservation reservation, IReadOnlyList<AttemptUsage> attempts)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        ArgumentNullException.ThrowIfNull(attempts);
        if (attempts.Count == 0)
        {
            Release(reservation);
            return;
        }

        if (!reservation.End())
        {
            return;
        }

        var now = _clock.Now;
        var entries = new LedgerEntry[attempts.Count];
        Int128 cost = 0;
        var tokens = 0L;
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = LedgerEntry.Settled(reservation, i + 1, attempts[i], now);
            cost += entries[i].Billed ? entries[i].CostNano : 0;
            tokens += attempts[i].Tokens.Total;
        }

        WriteOrKeep(entries);
        _gate.Settle(reservation, new NanoDollars((long)Int128.Min(cost, long.MaxValue)), tokens);
        if (
            reservation.Request.Purpose.Component == UsageComponent.Chat
            && attempts.LastOrDefault(attempt => attempt.Outcome == AttemptOutcome.Answered) is { } answered
        )
        {
            _counts.Track(reservation.Request, answered.Model, now);
        }
    }

    /// <summary>Nothing was sent anywhere.</summary>
    public void Release(Reservation reservation)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        if (reservation.End())
        {
            WriteOrKeep(LedgerEntry.Released(reservation, _clock.Now));
            _gate.Settle(reservation, NanoDollars.Zero, 0);
        }
    }

    /// <summary>Everything that was settled before this call is in PostgreSQL when it returns.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) => _writer.FlushAsync(cancellationToken);

    /// <summary>It may be taken somewhere or nowhere; the call is not made, so it is given back everywhere.</summary>
    private void Abandon(Reservation reservation)
    {
        if (reservation.End())
        {
            WriteOrKeep(LedgerEntry.Released(reservation, _clock.Now));
            _gate.Settle(reservation, NanoDollars.Zero, 0);
        }
    }

    private void Write(params ReadOnlySpan<LedgerEntry> entries)
    {
        _journal.Append(entries);
        _writer.Enqueue(entries);
    }

    /// <summary>An end is on its way to PostgreSQL even where the disk takes nothing.</summary>
    private void WriteOrKeep(params ReadOnlySpan<LedgerEntry> entries)
    {
        try
        {
            _journal.Append(entries);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            Log.JournalFailed(_logger, exception);
        }

        _writer.Enqueue(entries);
    }

    private static BudgetRefusal TooLarge(DateTimeOffset now) =>
        new(
            BudgetLevel.Installation,
            BudgetWindow.Month,
            NanoDollars.Largest,
            NanoDollars.Zero,
            BudgetWindow.EndOf(BudgetWindow.Month, DateOnly.FromDateTime(now.UtcDateTime))
        );
}
