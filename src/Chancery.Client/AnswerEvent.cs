namespace Chancery.Client;

/// <summary>What happens while a question is answered, in order: one Retrieved, then texts and citations, then an end.</summary>
public abstract record AnswerEvent
{
    private AnswerEvent() { }

    /// <summary>First: the passages that the answer may rest on.</summary>
    public sealed record Retrieved(Retrieval Retrieval) : AnswerEvent;

    /// <summary>A step of the model's reasoning, where that was asked for; before the text.</summary>
    public sealed record Reasoned(ReasoningStep Step) : AnswerEvent;

    /// <summary>The next piece of the answer. A marker in it (<c>[1]</c>) stands for a citation.</summary>
    public sealed record Text(string Delta) : AnswerEvent;

    /// <summary>Follows the text that holds its marker.</summary>
    public sealed record Cited(Citation Citation) : AnswerEvent;

    /// <summary>Last: the whole answer, stored.</summary>
    public sealed record Done(ChatAnswer Answer) : AnswerEvent;

    /// <summary>Last: the answer broke off after some of it came.</summary>
    public sealed record Broken(Problem Problem) : AnswerEvent;
}
