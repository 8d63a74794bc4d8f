namespace Chancery.Server.Limits.Alerts;

/// <summary>
/// Something that an organisation is told at its own address: a record whose members, in snake case and without those that are null, are the
/// body. It holds numbers, ids and words of ours; nothing that people wrote.
/// </summary>
public interface IAlert
{
    /// <summary>What happened, such as limit.near: receivers switch on it.</summary>
    public string Type { get; }

    /// <summary>Whom it is about, and nobody else is told.</summary>
    public Guid OrganizationId { get; }

    /// <summary>When it happened, from which on it is tried for a day and longer.</summary>
    public DateTimeOffset At { get; }
}
