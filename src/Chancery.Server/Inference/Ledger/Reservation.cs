namespace Chancery.Server.Inference.Ledger;

/// <summary>Money that is held for one call. Made by <see cref="UsageLedger"/>, ended there once; a second end does nothing.</summary>
public sealed class Reservation
{
    private int _ended;

    internal Reservation(ReservationRequest request, DateTimeOffset reservedAt)
    {
        Request = request;
        ReservedAt = reservedAt;
    }

    public ReservationRequest Request { get; }

    public Guid Id => Request.Id;

    /// <summary>Decides the month and day to which the call is booked, however long it takes.</summary>
    public DateTimeOffset ReservedAt { get; }

    public DateTimeOffset ExpiresAt => ReservedAt + Request.Life;

    /// <summary>True for the first who ends it.</summary>
    internal bool End() => Interlocked.Exchange(ref _ended, 1) == 0;
}
