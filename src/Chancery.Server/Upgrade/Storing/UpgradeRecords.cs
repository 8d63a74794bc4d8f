using Chancery.Contracts.Comparing;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Upgrade.Storing;

/// <summary>What came of an upgrade.</summary>
internal static class UpgradeOutcome
{
    /// <summary>A better prompt, made now.</summary>
    public const string Upgraded = "upgraded";

    /// <summary>No model answered; what the same request brought before stands in.</summary>
    public const string Cached = "cached";

    /// <summary>No model answered, and nothing was there: the prompt as it was given.</summary>
    public const string Original = "original";
}

/// <summary>The parts of the pipeline, in the order in which they work.</summary>
internal static class UpgradeStage
{
    public const string Redaction = "redaction";
    public const string Summarizer = "summarizer";
    public const string Embedding = "embedding";
    public const string Retrieval = "rag";
    public const string Upgrader = "upgrader";
}

/// <summary>What a part of the pipeline came to.</summary>
internal static class StageState
{
    public const string Done = "done";

    /// <summary>Switched off, or nothing to do.</summary>
    public const string Skipped = "skipped";

    /// <summary>It did not work, and something simpler took its place.</summary>
    public const string Failed = "failed";
}

/// <summary>What one part of the pipeline did and took.</summary>
/// <param name="Note">Why it was skipped, or what took its place, for a person.</param>
/// <param name="Estimated">Whether tokens are our estimate, not the provider's count.</param>
/// <param name="CostUsd">In dollars.</param>
public sealed record UpgradeComponent(
    [property: OneOf(
        "UpgradeStage",
        UpgradeStage.Redaction,
        UpgradeStage.Summarizer,
        UpgradeStage.Embedding,
        UpgradeStage.Retrieval,
        UpgradeStage.Upgrader
    )]
        string Component,
    [property: OneOf("UpgradeStageState", StageState.Done, StageState.Skipped, StageState.Failed)] string State,
    string? Note,
    string? Model,
    long TokensIn,
    long TokensOut,
    bool Estimated,
    decimal CostUsd,
    double LatencyMs,
    bool Cached
)
{
    public long TokensUsed => TokensIn + TokensOut;
}

/// <summary>What all parts took together.</summary>
/// <param name="CostUsd">In dollars.</param>
public sealed record UpgradeUsage(long TokensIn, long TokensOut, decimal CostUsd, double LatencyMs)
{
    public long TokensUsed => TokensIn + TokensOut;
}

/// <summary>One thing that is better now.</summary>
/// <param name="Why">What it is good for.</param>
public sealed record UpgradeChange(string What, string Why);

/// <summary>A run of words.</summary>
/// <param name="Kind">kept, deleted or inserted.</param>
public sealed record UpgradeDiffPart(
    [property: OneOf("UpgradeDiffKind", "kept", "deleted", "inserted")] string Kind,
    string Text
)
{
    internal static IReadOnlyList<UpgradeDiffPart> Between(string from, string to) =>
        [
            .. WordDiff
                .Between(from, to)
                .Select(change => new UpgradeDiffPart(
                    change.Kind switch
                    {
                        WordChangeKind.Kept => "kept",
                        WordChangeKind.Deleted => "deleted",
                        _ => "inserted",
                    },
                    change.Text
                )),
        ];
}

/// <summary>A passage of the organisation's documents that the prompt was written with.</summary>
/// <param name="Number">As <c>[1]</c> in the prompt names it.</param>
/// <param name="Page">From 1.</param>
/// <param name="Start">First character in the page's text, in UTF-16 units.</param>
public sealed record UpgradeSource(
    int Number,
    Guid DocumentId,
    int Version,
    string Title,
    int Page,
    int Start,
    int End,
    string Text
);

/// <summary>Something that no model was shown: it stood behind a placeholder.</summary>
/// <param name="Placeholder">As the model saw it, such as <c>[EMAIL_1]</c>.</param>
/// <param name="Restored">Whether the result has it again.</param>
public sealed record UpgradePlaceholder(string Placeholder, bool Restored);

/// <summary>What came of a prompt.</summary>
/// <param name="Upgraded">Whether it is another one; false where it came back as it was given.</param>
/// <param name="UpgradedPrompt">Left out where it was made from a document that you may not read any more.</param>
/// <param name="Outcome">upgraded; cached: what the same request brought before; original: as it was given.</param>
/// <param name="Reason">Why it is not made anew, for a person.</param>
/// <param name="Changes">What is better and why, as the model tells it.</param>
/// <param name="Sources">Passages that it was written with.</param>
/// <param name="Placeholders">What no model was shown.</param>
/// <param name="Variables">Names between braces in the prompt; all of them stand in the result.</param>
/// <param name="Model">Who wrote it; <c>extractive</c> where a template did.</param>
/// <param name="PromptVersion">Version of the instructions that it was written by.</param>
/// <param name="Rating">up or down, where you said so.</param>
public sealed record UpgradeView(
    Guid Id,
    bool Upgraded,
    string? UpgradedPrompt,
    string OriginalPrompt,
    [property: OneOf("UpgradeOutcome", UpgradeOutcome.Upgraded, UpgradeOutcome.Cached, UpgradeOutcome.Original)]
        string Outcome,
    string? Reason,
    IReadOnlyList<UpgradeChange> Changes,
    IReadOnlyList<UpgradeDiffPart> Diff,
    IReadOnlyList<UpgradeSource> Sources,
    IReadOnlyList<UpgradePlaceholder> Placeholders,
    IReadOnlyList<string> Variables,
    IReadOnlyList<UpgradeComponent> Components,
    UpgradeUsage Usage,
    string? Model,
    string PromptVersion,
    [property: OneOf("UpgradeRating", "up", "down")] string? Rating,
    string? Comment,
    DateTimeOffset CreatedAt
);

/// <summary>One line of the list.</summary>
/// <param name="Prompt">Its beginning.</param>
public sealed record UpgradeSummary(
    Guid Id,
    string Prompt,
    [property: OneOf("UpgradeOutcome", UpgradeOutcome.Upgraded, UpgradeOutcome.Cached, UpgradeOutcome.Original)]
        string Outcome,
    string? Model,
    [property: OneOf("UpgradeRating", "up", "down")] string? Rating,
    DateTimeOffset CreatedAt
);

/// <summary>What a pipeline came to, as it is kept: without the prompt, which has a column of its own, and what is told from both.</summary>
internal sealed record UpgradeResult(
    string UpgradedPrompt,
    string? Reason,
    string? Model,
    IReadOnlyList<UpgradeChange> Changes,
    IReadOnlyList<UpgradeSource> Sources,
    IReadOnlyList<UpgradePlaceholder> Placeholders,
    IReadOnlyList<string> Variables,
    IReadOnlyList<UpgradeComponent> Components
)
{
    /// <summary>The trace that it was made in; null where that is not known.</summary>
    public string? TraceId { get; init; }
}

/// <summary>An upgrade that is to be kept.</summary>
/// <param name="Documents">Everything that the model was shown, used or not.</param>
internal sealed record NewUpgrade(
    byte[] RequestHash,
    string Outcome,
    string Prompt,
    UpgradeResult Result,
    IReadOnlyList<Guid> Documents,
    Guid PromptId,
    string PromptVersion,
    Guid? Run
);
