namespace Chancery.Client;

/// <summary>What happens while a contract is drafted or changed, in order: one Began, then the rest, then an end.</summary>
public abstract record ContractEvent
{
    private ContractEvent() { }

    /// <summary>What to go on after when a connection broke: <see cref="ChanceryClient.WatchContractOperationAsync"/>.</summary>
    public string? Id { get; init; }

    /// <summary>First: the work goes on under this id, whether or not anybody listens.</summary>
    public sealed record Began(Guid Operation) : ContractEvent;

    /// <summary>What was found to build on.</summary>
    public sealed record Found(IReadOnlyList<ClauseOrigin> Sources) : ContractEvent;

    /// <summary>The title and headings that a draft will have.</summary>
    public sealed record Outlined(DraftedOutline Outline) : ContractEvent;

    /// <summary>A clause that was written.</summary>
    public sealed record Written(DraftedClause Clause) : ContractEvent;

    /// <summary>Something to know about the result.</summary>
    public sealed record Noted(string Text) : ContractEvent;

    /// <summary>Last: it is stored.</summary>
    public sealed record Done(OperationResult Result) : ContractEvent;

    /// <summary>Last, instead of Done: nothing was stored.</summary>
    public sealed record Broken(Problem Problem) : ContractEvent;
}
