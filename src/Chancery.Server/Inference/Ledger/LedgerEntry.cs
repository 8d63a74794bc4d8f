using System.Text;

namespace Chancery.Server.Inference.Ledger;

/// <summary>What happened to a call's money; numbers stand in journals, words in PostgreSQL.</summary>
internal enum LedgerEvent : byte
{
    Reserved = 1,
    Settled = 2,
    Released = 3,

    /// <summary>Nobody knows the end; booked at the reserved amount.</summary>
    Expired = 4,
}

/// <summary>One row of the ledger, on its way from a journal to PostgreSQL.</summary>
internal sealed record LedgerEntry
{
    private const int LongestName = 200;

    public required Guid Tenant { get; init; }
    public required Guid RequestId { get; init; }
    public required LedgerEvent Event { get; init; }

    /// <summary>From 1 for attempts; 0 for what is none.</summary>
    public int Attempt { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>Of the reservation, UTC: the window.</summary>
    public required DateOnly Day { get; init; }
    public required Guid UserId { get; init; }
    public Guid? KeyId { get; init; }
    public required string Component { get; init; }
    public required string Operation { get; init; }
    public string Provider { get; init; } = "";
    public required string Model { get; init; }
    public string? Outcome { get; init; }
    public string? ErrorType { get; init; }
    public TokenCounts Tokens { get; init; }
    public bool Estimated { get; init; }
    public long CostNano { get; init; }
    public bool Billed { get; init; }
    public int? LatencyMs { get; init; }
    public int? FirstPartMs { get; init; }
    public bool CacheHit { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    public bool IsEnd => Event is not LedgerEvent.Reserved;

    public static LedgerEntry Reserved(Reservation reservation) =>
        Of(reservation, LedgerEvent.Reserved, reservation.ReservedAt) with
        {
            CostNano = reservation.Request.WorstCase.Value,
            // Where it never ends, these are what it is booked at.
            Tokens = new TokenCounts(reservation.Tokens, 0, 0, 0, 0, 0),
            Billed = true,
            ExpiresAt = reservation.ExpiresAt,
        };

    public static LedgerEntry Released(Reservation reservation, DateTimeOffset at) =>
        Of(reservation, LedgerEvent.Released, at);

    /// <param name="number">From 1, in the order of the attempts.</param>
    public static LedgerEntry Settled(Reservation reservation, int number, AttemptUsage attempt, DateTimeOffset at) =>
        Of(reservation, LedgerEvent.Settled, at) with
        {
            Attempt = number,
            Provider = Clean(attempt.Provider),
            Model = Clean(attempt.Model),
            Outcome = Clean(attempt.Outcome),
            ErrorType = attempt.ErrorType is { } error ? Clean(error) : null,
            Tokens = attempt.Tokens,
            Estimated = attempt.Estimated,
            CostNano = Math.Max(0, attempt.Cost.Value),
            Billed = attempt.Billed,
            LatencyMs = Milliseconds(attempt.Took),
            FirstPartMs = attempt.FirstPart is { } first ? Milliseconds(first) : null,
            CacheHit = attempt.CacheHit,
        };

    /// <summary>The end of a reservation that has none: all that was held counts as spent.</summary>
    public LedgerEntry ToExpired(DateTimeOffset at) =>
        this with
        {
            Event = LedgerEvent.Expired,
            At = at,
            Outcome = AttemptOutcome.Unknown,
            Estimated = true,
            Billed = true,
            ExpiresAt = null,
        };

    private static LedgerEntry Of(Reservation reservation, LedgerEvent what, DateTimeOffset at)
    {
        var request = reservation.Request;
        return new LedgerEntry
        {
            Tenant = request.Payer.Tenant.Value,
            RequestId = request.Id,
            Event = what,
            At = at,
            Day = DateOnly.FromDateTime(reservation.ReservedAt.UtcDateTime),
            UserId = request.Payer.UserId,
            KeyId = request.Payer.KeyId,
            Component = Clean(request.Purpose.Component),
            Operation = Clean(request.Purpose.Operation),
            Model = Clean(request.Model),
        };
    }

    private static int Milliseconds(TimeSpan time) => (int)Math.Clamp(time.TotalMilliseconds, 0, int.MaxValue);

    /// <summary>PostgreSQL takes no zero and no half of a letter; names come from providers and from settings.</summary>
    private static string Clean(string name)
    {
        var isClean = name.Length <= LongestName;
        foreach (var letter in name)
        {
            isClean &= letter is >= ' ' and <= '~';
        }

        if (isClean)
        {
            return name;
        }

        var text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)).Replace("\0", "", StringComparison.Ordinal);
        return text.Length <= LongestName
            ? text
            : text[..(char.IsHighSurrogate(text[LongestName - 1]) ? LongestName - 1 : LongestName)];
    }
}
