using Chancery.Server.Limits;

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

    /// <summary>Held until it ends: all that the call may take, as far as a count of Redis is exact.</summary>
    internal long Tokens => Math.Clamp(Request.WorstTokens, 0, LimitNames.Largest);

    public DateTimeOffset ExpiresAt => ReservedAt + Request.Life;

    /// <summary>True for the first who ends it.</summary>
    internal bool End() => Interlocked.Exchange(ref _ended, 1) == 0;
}
