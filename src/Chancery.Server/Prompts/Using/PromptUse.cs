using System.Globalization;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Prompts.Using;

/// <summary>How a use of a prompt ended.</summary>
internal static class RunOutcome
{
    public const string Succeeded = "succeeded";

    /// <summary>The model did not answer, or broke off: a provider's matter, mostly.</summary>
    public const string Failed = "failed";

    /// <summary>The answer was empty, refused without need, or not in its form: the prompt's matter.</summary>
    public const string Faulty = "faulty";

    /// <summary>A guard held it back.</summary>
    public const string Guarded = "guarded";
}

/// <summary>The version of a prompt that somebody uses, and which arm of a rollout that is.</summary>
/// <param name="Version">From 1.</param>
/// <param name="IsStored">Whether the organisation has the prompt as its own; else its words are as they were shipped.</param>
/// <param name="IsCounted">Whether its uses are written down; those of evaluations are nobody's.</param>
/// <param name="Rollout">The rollout that dealt it; null where none is running.</param>
/// <param name="IsTreated">Whether it is the rollout's new version.</param>
internal sealed record PromptUse(
    Guid PromptId,
    string Name,
    int Version,
    PromptContent Content,
    bool IsStored,
    bool IsCounted,
    Guid? Rollout,
    bool IsTreated
)
{
    /// <summary>What the rollout has judged of its uses; nothing where there is none.</summary>
    public UseJudging Judging { get; init; } = UseJudging.Nothing;

    /// <summary>As it is kept beside what was made with it: "answer@3".</summary>
    public string Reference => string.Create(CultureInfo.InvariantCulture, $"{Name}@{Version}");

    /// <summary>As traces name it.</summary>
    public UsedPrompt Used => new(Name, Version);
}

/// <summary>What a rollout has a model judge of answers.</summary>
/// <param name="Sample">The share of those of the version that was used, 0 to 1.</param>
/// <param name="CapNano">What that may cost in a day, in nano-dollars.</param>
internal sealed record UseJudging(double Sample, long CapNano)
{
    public static readonly UseJudging Nothing = new(0, 0);

    /// <summary>
    /// Of the version that fewer have, the whole sample; of the other one as many, evenly over the same time: else the former version would use the
    /// cap up while the new one has a percent, and a stage would wait for days for enough scores of it.
    /// </summary>
    /// <param name="sample">Of the rollout, 0 to 1.</param>
    /// <param name="exposure">Of the new version, in hundredths of a percent.</param>
    public static UseJudging Of(double sample, long capNano, bool isTreated, int exposure)
    {
        var treated = (double)exposure / RolloutAssignment.Buckets;
        var own = isTreated ? treated : 1 - treated;
        return new UseJudging(own <= 0 ? 0 : sample * Math.Min(1, (1 - own) / own), capNano);
    }
}

/// <summary>What became of a use.</summary>
/// <param name="Outcome">One of <see cref="RunOutcome"/>.</param>
/// <param name="Model">Who answered, if anybody.</param>
/// <param name="LatencyMs">From asking to the end of the answer.</param>
/// <param name="Score">0 to 1, by whoever judged what was made; null where nobody did.</param>
internal sealed record RunResult(
    string Outcome,
    string? Model = null,
    long InputTokens = 0,
    long OutputTokens = 0,
    long CostNanoDollars = 0,
    double? LatencyMs = null,
    double? Score = null
);

/// <summary>A use of a version, without what was filled in and what came back.</summary>
/// <param name="Outcome">Left out until it is known.</param>
/// <param name="Arm">control or treatment, of a rollout.</param>
/// <param name="Score">0 to 1, of those that have one: of answers, how far the passages support them.</param>
/// <param name="Rating">up or down, of those that somebody rated.</param>
/// <param name="JudgeScore">0 to 1, of answers that a rollout had a model judge: how faithful they are to the passages.</param>
public sealed record PromptRun(
    Guid Id,
    int Version,
    [property: OneOf(
        "PromptRunOutcome",
        RunOutcome.Succeeded,
        RunOutcome.Failed,
        RunOutcome.Faulty,
        RunOutcome.Guarded
    )]
        string? Outcome,
    Guid? Rollout,
    [property: OneOf("PromptArm", "control", "treatment")] string? Arm,
    string? Model,
    long InputTokens,
    long OutputTokens,
    decimal Cost,
    double? LatencyMs,
    double? Score,
    [property: OneOf("PromptRating", "up", "down")] string? Rating,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt,
    double? JudgeScore = null
);
