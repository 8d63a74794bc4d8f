using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Analysis.Rules;

internal static class Rewriting
{
    /// <summary>Other words for some of a clause's.</summary>
    public static ClauseEdit.ReplaceText Of(Clause clause, int start, int length, string words) =>
        new(clause.Id, string.Concat(clause.Text.AsSpan(0, start), words, clause.Text.AsSpan(start + length)));
}
