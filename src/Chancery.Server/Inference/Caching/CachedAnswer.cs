using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Inference.Caching;

/// <summary>A whole answer of a model, as it wrote it: not as it was shown, which is decided anew each time.</summary>
/// <param name="Reasoning">What the model told of its thinking; null where it told nothing.</param>
/// <param name="Model">Who answered, by the registry's id.</param>
/// <param name="ResponseModel">The same as the provider calls it.</param>
/// <param name="Tokens">What it took.</param>
/// <param name="Cost">What it cost then, and what is saved each time that it is given again.</param>
/// <param name="Took">From the question to the answer's end.</param>
/// <param name="At">When it was whole.</param>
/// <param name="ExpiresAt">It is given to nobody from then on.</param>
/// <param name="Documents">What it rests on: deleting one of them takes it away.</param>
public sealed record CachedAnswer(
    string Text,
    string? Reasoning,
    string Model,
    string Provider,
    string? ResponseModel,
    TokenCounts Tokens,
    NanoDollars Cost,
    TimeSpan Took,
    DateTimeOffset At,
    DateTimeOffset ExpiresAt,
    IReadOnlyList<Guid> Documents
)
{
    /// <summary>An answer beyond it is not kept.</summary>
    public const int LongestText = 1024 * 1024;

    // Of the record, its name and what a dictionary has for it, beside its texts.
    private const int Frame = 512;

    /// <summary>About what it takes in memory.</summary>
    public long Bytes => Frame + (2L * (Text.Length + (Reasoning?.Length ?? 0))) + (16L * Documents.Count);
}
