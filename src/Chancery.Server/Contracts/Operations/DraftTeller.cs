namespace Chancery.Server.Contracts.Operations;

/// <summary>Whom a draft on its way tells.</summary>
internal interface IDraftTeller
{
    /// <summary>What there is of it so far, should it end early.</summary>
    public List<DraftedClause> Partial { get; }

    public CancellationToken Cancelled { get; }

    /// <exception cref="OperationCanceledException">Somebody ended it.</exception>
    public Task TellAsync(string kind, object content);
}

/// <summary>Tells nobody. Not safe for concurrent use.</summary>
internal sealed class SilentTeller(CancellationToken cancellationToken) : IDraftTeller
{
    public List<DraftedClause> Partial { get; } = [];

    /// <summary>Null as long as none was told.</summary>
    public DraftedOutline? Outline { get; private set; }

    public CancellationToken Cancelled => cancellationToken;

    public Task TellAsync(string kind, object content)
    {
        Outline = content as DraftedOutline ?? Outline;
        return Task.CompletedTask;
    }
}
