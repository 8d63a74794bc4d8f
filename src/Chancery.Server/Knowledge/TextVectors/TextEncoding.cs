using Chancery.Models;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>How texts are to be encoded.</summary>
/// <param name="AreQueries">Whether they are questions: some models encode those in another way than passages.</param>
/// <param name="Truncate">Whether a text that is too long for the model is cut off; else it is refused.</param>
/// <param name="Dimensions">The length of the vectors; null for the model's own.</param>
/// <param name="InProcess">Whether only the model in this process is asked.</param>
internal sealed record EncodingWish(
    bool AreQueries = false,
    bool Truncate = false,
    int? Dimensions = null,
    bool InProcess = false
)
{
    /// <summary>Whom it is for; null for nobody in particular.</summary>
    public Payer? Payer { get; init; }
}

/// <summary>Why a text has no vector.</summary>
/// <param name="Index">Of the text, from 0.</param>
/// <param name="IsOwnFault">Whether the text itself is what the model does not take.</param>
/// <param name="Detail">For a person: what happened, and what to do.</param>
internal sealed record UnencodedText(int Index, bool IsOwnFault, string Detail)
{
    /// <summary>What the model failed with; null where it was not asked.</summary>
    public ModelException? Failure { get; init; }
}

/// <summary>What encoding texts ends in, apart from a fault.</summary>
internal abstract record EncodingOutcome
{
    private EncodingOutcome() { }

    /// <summary>There is no embedding model, or none yet.</summary>
    public sealed record NoModel : EncodingOutcome;

    /// <param name="Tokens">Of all texts together.</param>
    public sealed record OverBudget(long Tokens, int Most) : EncodingOutcome;

    /// <summary>The organisation has used up what it has of a month.</summary>
    public sealed record QuotaUsed(long Limit, DateTimeOffset ResetsAt) : EncodingOutcome;

    /// <summary>There is no money left for it.</summary>
    public sealed record OverMoney(BudgetRefusal Refusal) : EncodingOutcome;

    /// <summary>What it costs cannot be counted just now.</summary>
    public sealed record Uncounted : EncodingOutcome;

    /// <param name="Model">The name under which the vectors belong together.</param>
    /// <param name="Vectors">In the order of the texts; null for one that has none.</param>
    /// <param name="Failed">Those without, by index.</param>
    /// <param name="Tokens">What was given to the model, as it counted, or as we did.</param>
    public sealed record Done(
        string Model,
        IReadOnlyList<ReadOnlyMemory<float>?> Vectors,
        IReadOnlyList<UnencodedText> Failed,
        long Tokens
    ) : EncodingOutcome;
}

/// <summary>Texts that are given to the model at once.</summary>
/// <param name="Indexes">Of the call's texts.</param>
internal sealed record EncodingPiece(IReadOnlyList<int> Indexes)
{
    /// <summary>Texts in their order, as many as fit; one that is over the budget alone goes alone.</summary>
    public static IEnumerable<EncodingPiece> Cut(IEnumerable<int> indexes, int[] tokens, int mostTexts, int mostTokens)
    {
        var piece = new List<int>();
        var sum = 0L;
        foreach (var index in indexes)
        {
            if (piece.Count > 0 && (piece.Count == mostTexts || sum + tokens[index] > mostTokens))
            {
                yield return new EncodingPiece(piece);
                piece = [];
                sum = 0;
            }

            piece.Add(index);
            sum += tokens[index];
        }

        if (piece.Count > 0)
        {
            yield return new EncodingPiece(piece);
        }
    }

    public (EncodingPiece First, EncodingPiece Second) Halves =>
        (new([.. Indexes.Take(Indexes.Count / 2)]), new([.. Indexes.Skip(Indexes.Count / 2)]));
}
