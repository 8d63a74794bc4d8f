namespace Chancery.Server.Inference.Ledger;

/// <summary>Reserve, call, settle. Safe for concurrent use.</summary>
public sealed class UsageLedger
{
    /// <summary>Takes the worst case on all levels or on none, and writes it down, before the call goes anywhere.</summary>
    public ValueTask<ReserveOutcome> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The ledger has no storage yet.");

    /// <summary>Books what the attempts really cost. Never throws, never waits for the network; the journal has it on return.</summary>
    public void Settle(Reservation reservation, IReadOnlyList<AttemptUsage> attempts) =>
        throw new NotSupportedException("The ledger has no storage yet.");

    /// <summary>Nothing was sent anywhere.</summary>
    public void Release(Reservation reservation) => throw new NotSupportedException("The ledger has no storage yet.");
}
