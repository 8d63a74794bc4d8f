namespace Chancery.Evaluation.Scoring;

/// <summary>Whether what the documents do not hold is refused, and what they hold is answered.</summary>
/// <param name="Answered">Questions with an answer that were answered.</param>
/// <param name="RefusedWrongly">Questions with an answer that were refused.</param>
/// <param name="Refused">Questions without an answer that were refused.</param>
/// <param name="AnsweredWrongly">Questions without an answer that were answered: made up.</param>
public sealed record RefusalScores(int Answered, int RefusedWrongly, int Refused, int AnsweredWrongly)
{
    /// <summary>The share of questions with an answer that were answered.</summary>
    public Score AnswerRate => Share(Answered, Answered + RefusedWrongly);

    /// <summary>The share of questions without an answer that were answered all the same.</summary>
    public Score FalseAnswerRate => Share(AnsweredWrongly, AnsweredWrongly + Refused);

    public static Score Correctness(bool shouldRefuse, bool didRefuse) => Score.Of(shouldRefuse == didRefuse);

    public static RefusalScores Of(IEnumerable<(bool ShouldRefuse, bool DidRefuse)> questions)
    {
        ArgumentNullException.ThrowIfNull(questions);
        var counts = questions.CountBy(question => question).ToDictionary();
        return new(
            counts.GetValueOrDefault((false, false)),
            counts.GetValueOrDefault((false, true)),
            counts.GetValueOrDefault((true, true)),
            counts.GetValueOrDefault((true, false))
        );
    }

    private static Score Share(int count, int all) => all == 0 ? Score.None : Score.Of((double)count / all);
}
