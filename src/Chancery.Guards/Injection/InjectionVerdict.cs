namespace Chancery.Guards.Injection;

/// <summary>Where a text comes from, which decides what in it is out of place.</summary>
public enum InjectionSource
{
    /// <summary>Of a person, who may well tell an assistant what to do.</summary>
    Question,
    Document,
    FileName,
    ToolResult,
}

/// <param name="Name">What speaks for an injection: <c>override</c>, <c>chat-template</c>.</param>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="Length">In UTF-16 units.</param>
public readonly record struct InjectionSignal(string Name, int Start, int Length);

/// <summary>A judgement and its reasons. A signal among others, never a proof: an attack in plain words has none of these.</summary>
/// <param name="Score">From 0 to 1; from <see cref="InjectionGuard.Threshold"/> on the text is taken for an injection.</param>
/// <param name="Signals">In the text's order, at most <see cref="InjectionGuard.MostSignals"/>.</param>
public sealed record InjectionVerdict(double Score, IReadOnlyList<InjectionSignal> Signals)
{
    public bool IsInjection => Score >= InjectionGuard.Threshold;
}
