using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Assembly;

/// <summary>What becomes of a change that somebody asks for in their own words, read without a model.</summary>
public abstract record PlainEditOutcome
{
    private PlainEditOutcome() { }

    /// <param name="Edits">In the order in which they are to be made.</param>
    /// <param name="Notes">What a person should look at.</param>
    public sealed record Understood(IReadOnlyList<ClauseEdit> Edits, IReadOnlyList<string> Notes) : PlainEditOutcome;

    /// <param name="Part">The words that were not understood, or that cannot be done.</param>
    /// <param name="Reason">A sentence for whoever wrote them.</param>
    public sealed record NotUnderstood(string Part, string Reason) : PlainEditOutcome;
}
