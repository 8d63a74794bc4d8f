namespace Chancery.Server.Audit.Recording;

/// <summary>What a handler adds to the entry of its request. Not safe for concurrent use.</summary>
public sealed class AuditNotes
{
    internal Guid? Subject { get; private set; }

    internal bool IsSkipped { get; private set; }

    internal AuditActor? Actor { get; private set; }

    internal AuditDetails Details { get; } = new();

    /// <summary>What it was done to, where neither the address nor Location says so.</summary>
    public AuditNotes On(Guid subject)
    {
        Subject = subject;
        return this;
    }

    /// <summary>Whoever acted, where the credential does not say so.</summary>
    public AuditNotes By(AuditActor actor)
    {
        Actor = actor;
        return this;
    }

    /// <inheritdoc cref="AuditDetails.Add"/>
    public AuditNotes Add(string name, object? value)
    {
        Details.Add(name, value);
        return this;
    }

    /// <summary>Nothing was done: an answer was given again.</summary>
    public void Skip(bool isSkipped = true) => IsSkipped = isSkipped;
}

/// <summary>For handlers.</summary>
public static class AuditNotesExtensions
{
    /// <summary>The notes on the request's entry.</summary>
    public static AuditNotes Audit(this HttpContext context)
    {
        if (context.Features.Get<AuditNotes>() is { } notes)
        {
            return notes;
        }

        notes = new AuditNotes();
        context.Features.Set(notes);
        return notes;
    }
}
