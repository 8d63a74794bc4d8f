namespace Chancery.Server.Answers.Reasoning;

/// <summary>One step on the way to an answer, as a model told it.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Thought">What it considered; may be empty where it only names an action.</param>
/// <param name="Action">What it said it does next; left out when it said nothing of the kind.</param>
/// <param name="Confidence">0 to 1, as far as it told; else left out. Its own opinion, not a measurement.</param>
/// <param name="At">When the step was complete.</param>
public sealed record ReasoningStep(int Number, string Thought, string? Action, double? Confidence, DateTimeOffset At)
{
    /// <summary>As a paragraph, for protocols that know thoughts as text only.</summary>
    public string ToText() =>
        (Thought.Length > 0 ? Thought + "\n" : "") + (Action is { Length: > 0 } ? $"Action: {Action}\n" : "") + "\n";
}

/// <summary>A step as it was read, without its time.</summary>
internal sealed record ReadStep(int Number, string Thought, string? Action, double? Confidence)
{
    /// <summary>All of its text.</summary>
    public string All => $"{Thought}\n{Action}";

    public ReasoningStep At(DateTimeOffset time) => new(Number, Thought, Action, Confidence, time);
}

/// <summary>What became known by the last piece: whole steps, and text of the answer.</summary>
internal readonly record struct ReasoningPiece(IReadOnlyList<ReadStep> Steps, string Answer);
