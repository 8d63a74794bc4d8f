namespace Chancery.Server.Audit.Recording;

/// <summary>One thing that was done, or refused.</summary>
/// <param name="Actor">Who, and in whose record.</param>
/// <param name="Action">As in <c>document.deleted</c>.</param>
/// <param name="Outcome">One of <see cref="AuditOutcome"/>.</param>
public sealed record AuditEvent(AuditActor Actor, string Action, string Outcome)
{
    /// <summary>When it was; else now.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The HTTP status of the answer.</summary>
    public int? Status { get; init; }

    /// <summary>The code of the problem that was answered.</summary>
    public string? Reason { get; init; }

    public string? SubjectKind { get; init; }

    public string? SubjectId { get; init; }

    /// <summary>The network address that it came from.</summary>
    public string? Address { get; init; }

    public string? TraceId { get; init; }

    /// <summary>How often it happened, for what is counted.</summary>
    public int Repeats { get; init; } = 1;

    public AuditDetails? Details { get; init; }
}
