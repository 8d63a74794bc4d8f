namespace Chancery.Search;

/// <summary>What became of an attempt to rank again.</summary>
public enum RerankState
{
    /// <summary>The order is the new one.</summary>
    Done,

    /// <summary>The time was over before it was done: the order is the former one.</summary>
    OverBudget,

    /// <summary>The reranker failed: the order is the former one.</summary>
    Failed,
}

/// <param name="Ranked">All passages, best first. Scores keep the scale of the former ones.</param>
/// <param name="Scores">What the reranker gave to the candidates, in the order in which they came; empty when it is not done.</param>
/// <param name="Candidates">How many were looked at, or were to be.</param>
/// <param name="Fault">Why it failed; null when it did not.</param>
public sealed record RerankOutcome(
    RerankState State,
    IReadOnlyList<RankedCandidate> Ranked,
    IReadOnlyList<double> Scores,
    int Candidates,
    TimeSpan Elapsed,
    Exception? Fault = null
);
