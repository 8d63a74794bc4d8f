using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Gateway.Translation;

/// <summary>What an answer is made of, whoever gives it and in whichever protocol it is told. Ends in one of the last two.</summary>
internal abstract record AnswerPart
{
    private AnswerPart() { }

    public sealed record Text(string Delta) : AnswerPart;

    /// <param name="Delta">What the model thinks; may be empty.</param>
    /// <param name="Signature">The provider's proof that it wrote this, which it wants back; null in all pieces but the last.</param>
    public sealed record Thought(string Delta, string? Signature = null) : AnswerPart;

    /// <summary>Thinking that only its provider can read.</summary>
    public sealed record SealedThought(string Data) : AnswerPart;

    /// <summary>A piece of a tool call.</summary>
    /// <param name="Index">Which of the answer's calls.</param>
    /// <param name="Name">In the first piece only.</param>
    /// <param name="Arguments">What it adds to the arguments' JSON text.</param>
    public sealed record Call(int Index, string Id, string? Name, string Arguments) : AnswerPart;

    /// <summary>Follows the text that holds its marker.</summary>
    public sealed record Cited(Annotation Annotation) : AnswerPart;

    /// <summary>The answer is whole.</summary>
    /// <param name="Estimated">The counts are ours, not the provider's.</param>
    public sealed record Ended(AnswerEnd Why, TokenCounts Tokens, bool Estimated) : AnswerPart;

    /// <summary>What came is not a whole answer.</summary>
    public sealed record Broken(OpenAIError Error) : AnswerPart;
}

/// <summary>Why a model stopped.</summary>
internal enum AnswerEnd
{
    Complete,
    LimitReached,
    ToolsCalled,
    Filtered,
}
