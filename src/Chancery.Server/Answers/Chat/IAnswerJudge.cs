using Chancery.Server.Access;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Answers.Chat;

/// <summary>An answer that a version of the prompt made, for whoever judges it afterwards.</summary>
/// <param name="Run">The use's id, which is the answer's.</param>
/// <param name="Passages">What the model was shown.</param>
internal sealed record JudgedAnswer(
    Principal Principal,
    PromptUse Use,
    Guid Run,
    string Question,
    string Answer,
    IReadOnlyList<Passage> Passages
);

/// <summary>Judges answers of rollouts, as far as these say so. Nobody waits for it, and nothing fails with it.</summary>
internal interface IAnswerJudge
{
    /// <summary>Takes an answer whose use was written down, where it is one of those that are judged; at once.</summary>
    public void Offer(JudgedAnswer answer);
}
