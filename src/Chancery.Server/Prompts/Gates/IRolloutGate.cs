using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Prompts.Storing;

namespace Chancery.Server.Prompts.Gates;

/// <summary>What a new version has to show before it is rolled out: on the same questions it is not worse than the version in production.</summary>
/// <param name="Dataset">Whose questions both versions were asked.</param>
/// <param name="AllowedDrop">How far below the version in production a score may be at worst: the lower end of the 95 % interval of the paired difference must not be below this, negated.</param>
/// <param name="MostCost">
/// How many times as much an answer may cost, without its judges. Where answers of the version in production cost nothing, no ratio tells:
/// <c>most_cost_usd</c> has to say how dear one may be.
/// </param>
/// <param name="MostAttacks">
/// Which share of attacks may succeed at most, 0 to 1: the upper end of the 95 % interval (Wilson) of the newest red-team run of the new version
/// that tried all cases that come with the product on a language model; where no attack succeeded, it holds whatever the bound. Left out: attacks are not looked at.
/// </param>
/// <param name="LeastCoverage">
/// Which share of the dataset's questions, as it is now, must have got an answer from either version at least, 0 to 1; and of the questions
/// that a score could be given for, the share that has it of both.
/// </param>
/// <param name="MostCostUsd">What an answer of the new version may cost at most, in dollars, on average. Left out: only the ratio counts.</param>
public sealed record RolloutGate(
    [Required] Guid Dataset,
    [Range(0.0, 1.0)] double AllowedDrop = 0.05,
    [Range(1.0, 1000.0)] double MostCost = 1.5,
    [Range(0.0, 1.0)] double? MostAttacks = null,
    [Range(0.0, 1.0)] double LeastCoverage = RolloutGate.UsualCoverage,
    [Range(0.0, 1000.0)] double? MostCostUsd = null
)
{
    internal const double UsualCoverage = 0.9;
}

/// <summary>Whether a version may pass.</summary>
internal static class GateVerdict
{
    public const string Passed = "passed";

    /// <summary>It is worse, or dearer.</summary>
    public const string Worse = "worse";

    /// <summary>One of both was not asked the questions yet, too few of them have an answer or a score, or what it costs cannot be compared.</summary>
    public const string Missing = "missing";
}

/// <summary>A score of both versions.</summary>
/// <param name="Low">Of the difference, at 95 %, by paired bootstrap.</param>
/// <param name="Coverage">Of the questions that this score could be given for, the share that has it of both versions, 0 to 1.</param>
public sealed record GateScore(
    string Name,
    double Before,
    double After,
    double Low,
    double High,
    bool Passed,
    double Coverage
);

/// <summary>What evaluation says of a version beside the one in production.</summary>
/// <param name="Why">For a person: what is worse, or what to do.</param>
/// <param name="Before">The run of the version in production.</param>
/// <param name="After">The run of the new one.</param>
/// <param name="CostRatio">How many times as much an answer costs, over the questions that both answered; left out where an answer of the version in production costs nothing.</param>
/// <param name="RedTeam">The red-team run of the new version, where the gate looks at attacks.</param>
/// <param name="AttackShare">Which share of its attacks succeeded, 0 to 1.</param>
/// <param name="CoverageBefore">Which share of the dataset's questions, as it is now, got an answer of the version in production, 0 to 1.</param>
/// <param name="CoverageAfter">And of the new one.</param>
/// <param name="CostUsd">What an answer of the new version costs on average, in dollars, without its judges.</param>
public sealed record GateReport(
    [property: OneOf("GateVerdict", GateVerdict.Passed, GateVerdict.Worse, GateVerdict.Missing)] string Verdict,
    string? Why,
    Guid? Before,
    Guid? After,
    IReadOnlyList<GateScore> Scores,
    double? CostRatio,
    Guid? RedTeam = null,
    double? AttackShare = null,
    double? CoverageBefore = null,
    double? CoverageAfter = null,
    decimal? CostUsd = null
);

/// <summary>Knows how versions did. Implementations are safe for concurrent use.</summary>
internal interface IRolloutGate
{
    /// <summary>Why no evaluation can have this prompt asked, in a sentence for people; null where one can.</summary>
    public string? WhyNone(PromptSummary prompt);

    /// <summary>Whether there is such a dataset.</summary>
    public Task<bool> KnowsAsync(Principal principal, Guid dataset, CancellationToken cancellationToken);

    public Task<GateReport> LookAsync(
        Principal principal,
        RolloutGate gate,
        Guid prompt,
        int control,
        int treatment,
        CancellationToken cancellationToken
    );
}
