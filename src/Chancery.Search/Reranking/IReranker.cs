namespace Chancery.Search;

/// <summary>
/// Looks at the query together with each of the best passages, which costs too much for all of them. Implementations are safe for
/// concurrent use.
/// </summary>
public interface IReranker
{
    /// <summary>As settings and answers name it.</summary>
    public string Name { get; }

    /// <summary>How many passages are worth it, and how far it is followed.</summary>
    public RerankSettings Settings { get; }

    /// <summary>
    /// A score for each passage, in their order: more is better, comparable within this call only. It depends on the query and on
    /// that passage, never on the others.
    /// </summary>
    /// <param name="query">Plain text; phrases and exclusions are the caller's.</param>
    /// <exception cref="OperationCanceledException">Nobody waits any more. What was made for later calls may be kept.</exception>
    public Task<double[]> ScoreAsync(
        string query,
        IReadOnlyList<RerankPassage> passages,
        CancellationToken cancellationToken
    );
}

/// <summary>A passage to be looked at again.</summary>
/// <param name="Id">Whose text and heading never change: what a reranker keeps of a passage, it keeps under it.</param>
/// <param name="Score">By which it was ranked so far.</param>
public sealed record RerankPassage(Guid Id, double Score, string Text, string Heading = "");

/// <param name="Candidates">The best so many are looked at, 1 to 200; the others stay behind them as they are.</param>
/// <param name="Weight">
/// From 0 to 1: that of the new score. The former one has the rest, both scaled to the candidates.
/// </param>
public sealed record RerankSettings(int Candidates, double Weight);
