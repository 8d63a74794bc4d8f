using Chancery.Contracts;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Contracts.Storing;

/// <summary>A contract as lists show it: the facts of its latest revision.</summary>
/// <param name="Type">What kind of agreement it is: "nda", "services"; "other" where nobody said.</param>
/// <param name="EffectiveDate">From when it binds, as far as the text says.</param>
/// <param name="EndDate">Until when.</param>
/// <param name="Language">As a BCP 47 tag.</param>
/// <param name="Revision">The number of the latest revision, from 1.</param>
/// <param name="IsRestricted">Whether it has a list of readers of its own.</param>
public sealed record ContractSummary(
    Guid Id,
    string Title,
    string Type,
    [property: OneOf(
        "ContractStatus",
        ContractStatus.Draft,
        ContractStatus.InReview,
        ContractStatus.Agreed,
        ContractStatus.Archived
    )]
        string Status,
    IReadOnlyList<string> Tags,
    IReadOnlyList<Party> Parties,
    DateOnly? EffectiveDate,
    DateOnly? EndDate,
    string? GoverningLaw,
    string Language,
    int Revision,
    bool IsRestricted,
    Guid CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
);

/// <summary>What is known of a revision beside its text.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Instruction">What was asked, in the words of whoever asked.</param>
/// <param name="InstructionLanguage">Of these words, as far as it can be told.</param>
/// <param name="Base">The revision that it was made from, where that is not the one before it.</param>
/// <param name="Model">Who wrote it; left out where a person did.</param>
/// <param name="PromptVersion">Which of our prompts the model was asked with.</param>
/// <param name="CostUsd">What the models cost, in dollars.</param>
/// <param name="IsEstimated">Whether a model did not report what it used.</param>
/// <param name="Note">What there is to know about how it came to be.</param>
/// <param name="Sha256">Of this revision and all before it.</param>
public sealed record RevisionSummary(
    int Number,
    [property: OneOf(
        "RevisionSource",
        RevisionSource.Drafted,
        RevisionSource.Refined,
        RevisionSource.Edited,
        RevisionSource.Imported,
        RevisionSource.Restored,
        RevisionSource.Accepted
    )]
        string Source,
    string? Instruction,
    string? InstructionLanguage,
    Guid AuthorId,
    string Author,
    DateTimeOffset CreatedAt,
    int? Base,
    string? Model,
    string? PromptVersion,
    long InputTokens,
    long OutputTokens,
    decimal CostUsd,
    bool IsEstimated,
    string? Note,
    int Inserted,
    int Deleted,
    int Changed,
    string Sha256
);

/// <summary>Who made a revision, of what, and what that took; the rest of a revision is its text.</summary>
/// <param name="Base">The revision that the text was made from; null for the first.</param>
internal sealed record RevisionFacts(string Source, Guid AuthorId, string Author, int? Base)
{
    public string? Instruction { get; init; }

    public string? InstructionLanguage { get; init; }

    public ModelWork Work { get; init; } = ModelWork.None;

    public string? Note { get; init; }

    /// <summary>What clauses were built on. Clauses that are not named keep what the revision before says of them.</summary>
    public IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> Origins { get; init; } =
        new Dictionary<Guid, IReadOnlyList<ClauseOrigin>>();
}

/// <summary>Something that a clause was built on.</summary>
/// <param name="Kind">One of <see cref="OriginKind"/>.</param>
/// <param name="Title">Of the document, contract, template or library clause; left out where the reader may not see it.</param>
/// <param name="Excerpt">Its words, as they were.</param>
public sealed record ClauseOrigin(
    [property: OneOf(
        "OriginKind",
        OriginKind.Document,
        OriginKind.Contract,
        OriginKind.Library,
        OriginKind.Template,
        OriginKind.Model,
        OriginKind.Hidden
    )]
        string Kind,
    string? Title = null,
    string? Excerpt = null
)
{
    public Guid? DocumentId { get; init; }

    public int? Version { get; init; }

    /// <summary>From 1.</summary>
    public int? Page { get; init; }

    /// <summary>First character in the page's text, in UTF-16 units.</summary>
    public int? Start { get; init; }

    public int? End { get; init; }

    public Guid? ContractId { get; init; }

    /// <summary>Of that contract, or of the organisation's library.</summary>
    public Guid? ClauseId { get; init; }

    /// <summary>Whether the clause's own words were found to rest on it; left out where that was not looked at.</summary>
    public bool? IsSupported { get; init; }
}

public static class OriginKind
{
    /// <summary>A passage of a document.</summary>
    public const string Document = "document";

    /// <summary>A clause of another contract.</summary>
    public const string Contract = "contract";

    /// <summary>A clause of the organisation's library, or of the shipped one.</summary>
    public const string Library = "library";

    /// <summary>A shipped template.</summary>
    public const string Template = "template";

    /// <summary>The model's own words.</summary>
    public const string Model = "model";

    /// <summary>A source that is not available to whoever reads.</summary>
    public const string Hidden = "hidden";
}

/// <summary>A contract at one revision, as it is stored.</summary>
internal sealed record StoredContract(
    ContractSummary Summary,
    RevisionSummary Revision,
    ContractText Text,
    IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> Origins
);
