namespace Chancery.Server.Evaluation.Scores;

/// <summary>What scores are called, in the order in which they are shown.</summary>
internal static class ScoreName
{
    /// <summary>Normalised discounted cumulative gain of the ten best passages.</summary>
    public const string Ndcg = "ndcg_at_10";
    public const string Recall = "recall_at_10";
    public const string ReciprocalRank = "reciprocal_rank";
    public const string ExactMatch = "exact_match";
    public const string TokenF1 = "token_f1";

    /// <summary>Whether the words of an expected answer stand in the answer, one after the other.</summary>
    public const string Contains = "contains_answer";
    public const string CitationPrecision = "citation_precision";
    public const string CitationRecall = "citation_recall";

    /// <summary>Refused what should be, and nothing else.</summary>
    public const string Refusal = "refusal_correct";

    /// <summary>The share of sentences that stand in the passages, found without a model.</summary>
    public const string Support = "support";
    public const string Relevance = "judge_relevance";
    public const string Faithfulness = "judge_faithfulness";
    public const string Helpfulness = "judge_helpfulness";

    /// <summary>1 where the answer is better than another run's, 0 where it is worse, 0.5 where a judge of both orders prefers neither.</summary>
    public const string Preference = "judge_preference";

    public static IReadOnlyList<string> All { get; } =
    [
        Ndcg,
        Recall,
        ReciprocalRank,
        ExactMatch,
        TokenF1,
        Contains,
        CitationPrecision,
        CitationRecall,
        Refusal,
        Support,
        Relevance,
        Faithfulness,
        Helpfulness,
        Preference,
    ];

    /// <summary>Those that a model gives.</summary>
    public static IReadOnlyList<string> Judged { get; } = [Relevance, Faithfulness, Helpfulness, Preference];
}
