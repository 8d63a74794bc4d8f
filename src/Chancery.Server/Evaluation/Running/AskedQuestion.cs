using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Evaluation.Running;

/// <summary>What a question ended in, before it is scored.</summary>
/// <param name="Answer">Without markers of citations.</param>
/// <param name="Passages">What was found, best first: what the answer was made from.</param>
/// <param name="Cited">Ids of passages that the answer cites.</param>
/// <param name="Places">What it cites; of a search what it found.</param>
/// <param name="Error">Why it got no answer; null where it got one.</param>
internal sealed record AskedQuestion(
    string Answer,
    string Outcome,
    string? Model,
    IReadOnlyList<Passage> Passages,
    IReadOnlyList<Guid> Cited,
    IReadOnlyList<FoundPlace> Places,
    string? Error
)
{
    /// <summary>The outcome of a question of which only passages were asked.</summary>
    public const string Searched = "searched";

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public Inference.Ledger.NanoDollars Cost { get; init; }

    public int DurationMs { get; init; }
}

/// <summary>There is no sense in asking on: money is gone, or nobody may ask any more.</summary>
internal sealed class RunStoppedException(string why) : Exception(why);
