namespace Chancery.Server.Audit.Recording;

/// <summary>An event as it waits to be linked into its chain. What is in it is what the entry will say.</summary>
internal sealed class InboxRow
{
    private const int LongestWord = 100;
    private const int LongestId = 200;
    private const int LongestName = 320;

    public required Guid TenantId { get; init; }
    public required Guid EntryId { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Action { get; init; }
    public required string Outcome { get; init; }
    public int? Status { get; init; }
    public string? Reason { get; init; }
    public required string ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public string? CredentialKind { get; init; }
    public string? CredentialId { get; init; }
    public string? SubjectKind { get; init; }
    public string? SubjectId { get; init; }
    public string? TraceId { get; init; }
    public int Repeats { get; init; } = 1;
    public string? Details { get; init; }
    public Guid PersonId { get; init; }
    public string Name { get; init; } = "";
    public string Email { get; init; } = "";
    public string Address { get; init; } = "";

    /// <summary>Whether there is a name or an address to keep beside the chain.</summary>
    public bool NamesSomebody => Name.Length + Email.Length + Address.Length > 0;

    public static InboxRow Of(AuditEvent happened, DateTimeOffset now)
    {
        var actor = happened.Actor;
        var at = (happened.At ?? now).ToUniversalTime();
        return new InboxRow
        {
            TenantId = actor.Tenant,
            EntryId = Guid.CreateVersion7(now),
            // PostgreSQL keeps microseconds, and the hash is over what it keeps.
            At = at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond)),
            Action = EntryText.Clean(happened.Action, LongestWord),
            Outcome = happened.Outcome,
            Status = happened.Status,
            Reason = EntryText.CleanOrNull(happened.Reason, LongestWord),
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            CredentialKind = actor.Credential,
            CredentialId = EntryText.CleanOrNull(actor.CredentialId, LongestId),
            SubjectKind = EntryText.CleanOrNull(happened.SubjectKind, LongestWord),
            SubjectId = EntryText.CleanOrNull(happened.SubjectId, LongestId),
            TraceId = EntryText.CleanOrNull(happened.TraceId, LongestId),
            Repeats = happened.Repeats,
            Details = happened.Details?.ToJson(),
            PersonId = actor.PersonId ?? Guid.Empty,
            Name = EntryText.Clean(actor.Name, LongestName),
            Email = EntryText.Clean(actor.Email, LongestName),
            Address = EntryText.Clean(happened.Address ?? "", LongestWord),
        };
    }
}
