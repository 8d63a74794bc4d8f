using System.Text.Json;
using Chancery.Server.Platform.OpenApi;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Operations;

/// <summary>Something that happened while a contract was drafted or changed.</summary>
/// <param name="Number">From 1, without gaps; its id in the stream.</param>
/// <param name="Kind">The name of the event.</param>
internal sealed record OperationEvent(int Number, string Kind, JsonElement Content)
{
    public const string Sources = "sources";
    public const string Outline = "outline";
    public const string Clause = "clause";
    public const string Note = "note";

    /// <summary>Last, when it went well.</summary>
    public const string Done = "done";

    /// <summary>Last, when it did not.</summary>
    public const string Error = "error";

    public bool IsLast => Kind is Done or Error;
}

public static class OperationState
{
    public const string Running = "running";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
}

/// <summary>Work on a contract that goes on whether or not somebody watches it.</summary>
/// <param name="Kind">draft: a new contract. revision: a change of one.</param>
/// <param name="Instruction">What was asked.</param>
/// <param name="ContractId">The contract that is changed, or that was drafted; left out until there is one.</param>
/// <param name="Revision">What came of it; left out where nothing has, or only a proposal.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="Partial">The clauses that there were when it ended early, for a day; they are no contract.</param>
public sealed record ContractOperation(
    Guid Id,
    [property: OneOf("OperationKind", "draft", "revision")] string Kind,
    [property: OneOf(
        "OperationState",
        OperationState.Running,
        OperationState.Done,
        OperationState.Failed,
        OperationState.Cancelled
    )]
        string State,
    string Instruction,
    Guid? ContractId,
    int? Revision,
    Guid? ProposalId,
    ProblemDetails? Problem,
    IReadOnlyList<DraftedClause>? Partial,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt
);

/// <summary>A clause as it was written: its number among the draft's clauses, its words, and how many more there are to come.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Of">How many clauses the draft will have.</param>
/// <param name="Text">Its words, with those of the clauses under it, a paragraph a line.</param>
public sealed record DraftedClause(int Number, int Of, string Heading, string Text);

/// <summary>The headings that a draft will have.</summary>
public sealed record DraftedOutline(string Title, IReadOnlyList<string> Headings);

/// <summary>What was found to draft from.</summary>
public sealed record FoundSources(IReadOnlyList<Storing.ClauseOrigin> Sources);

/// <summary>Something that whoever asked should know.</summary>
public sealed record OperationNote(string Text);

/// <summary>What came of it.</summary>
/// <param name="Revision">Left out for a proposal.</param>
public sealed record OperationResult(Guid ContractId, int? Revision, Guid? ProposalId);
