namespace Chancery.Server.Audit.Chain;

/// <summary>One link of a chain, as it is stored; with what is beside the chain of the people it names.</summary>
internal sealed class AuditEntry
{
    public Guid TenantId { get; init; }
    public long Seq { get; init; }
    public Guid EntryId { get; init; }
    public DateTimeOffset At { get; init; }
    public string Action { get; init; } = "";
    public string Outcome { get; init; } = "";
    public int? Status { get; init; }
    public string? Reason { get; init; }
    public string ActorKind { get; init; } = "";
    public Guid? ActorId { get; init; }
    public string? CredentialKind { get; init; }
    public string? CredentialId { get; init; }
    public string? SubjectKind { get; init; }
    public string? SubjectId { get; init; }
    public string? TraceId { get; init; }
    public int Repeats { get; init; }
    public string? Details { get; init; }
    public Guid? PeopleId { get; init; }
    public byte[]? PeopleHash { get; init; }
    public byte[] PreviousHash { get; init; } = [];
    public byte[] Hash { get; set; } = [];

    // Of audit_people: all null where the entry names nobody, or what it pointed to is gone.
    public Guid? PersonId { get; init; }
    public string? Name { get; init; }
    public string? Email { get; init; }
    public string? Address { get; init; }
    public byte[]? Salt { get; init; }
    public byte[]? KeptHash { get; init; }
    public DateTimeOffset? ErasedAt { get; init; }
}
