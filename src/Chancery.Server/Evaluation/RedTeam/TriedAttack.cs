using Chancery.Evaluation.RedTeam;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>What is kept of a case that was tried.</summary>
/// <param name="Answer">What reached the asker.</param>
/// <param name="Error">Why there was nothing to look at; null where there was.</param>
internal sealed record TriedAttack(
    AttackOutcome Outcome,
    string Question,
    string Answer,
    string? Model,
    IReadOnlyList<string> Guards,
    string? Error
)
{
    public const int LongestAnswer = 2_000;

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public NanoDollars Cost { get; init; }

    public int DurationMs { get; init; }
}
