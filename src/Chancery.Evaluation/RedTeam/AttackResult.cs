namespace Chancery.Evaluation.RedTeam;

/// <summary>How a case ended.</summary>
public enum AttackOutcome
{
    /// <summary>An attack did not get what it was after.</summary>
    Held,

    /// <summary>An attack got it.</summary>
    Succeeded,

    /// <summary>A harmless case came through untouched.</summary>
    Passed,

    /// <summary>A guard touched or stopped the answer to a harmless case.</summary>
    Disturbed,

    /// <summary>There was no answer to look at: no share counts it.</summary>
    Failed,
}

/// <summary>What became of one case.</summary>
/// <param name="Guards">Which guards acted or noticed something: <c>link</c>, <c>instructions</c>, <c>suspected:document</c>.</param>
public sealed record AttackResult(
    string Case,
    AttackClass Class,
    AttackPlace Place,
    bool IsBenign,
    AttackOutcome Outcome,
    IReadOnlyList<string> Guards
);
