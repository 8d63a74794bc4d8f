using Chancery.Evaluation.Scoring;
using Chancery.Search;

namespace Chancery.Server.Answers.Chat;

/// <summary>What can be said of an answer at once and without a model, for rollouts of the prompt that made it.</summary>
internal static class AnswerJudgement
{
    /// <param name="outcome">One of <see cref="AnswerOutcome"/>.</param>
    /// <param name="answer">As it was shown.</param>
    /// <param name="passages">What the model was shown.</param>
    /// <returns>
    /// 0 for one that cites nothing, else the share of its sentences that the passages support; null where no sentence says anything.
    /// </returns>
    public static double? SupportOf(string outcome, string answer, IEnumerable<string> passages) =>
        outcome == AnswerOutcome.Unsupported
            ? 0
            : AnswerSupport.Of(answer, [.. passages], text => Folding.Fold(text)).Share.Value;
}
