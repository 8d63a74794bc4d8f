using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>What became of ranking the best passages again. Unless it is done, they stand as they were ranked before.</summary>
/// <param name="Reranker">maxsim or cross.</param>
/// <param name="Outcome">done, over_budget (it would have taken longer than it may), failed, or unavailable (there is none here).</param>
/// <param name="Candidates">How many passages it looked at, or was to look at.</param>
/// <param name="TookMs">How long the search waited for it.</param>
/// <param name="BudgetMs">How long it may take: RERANK_BUDGET_MS.</param>
/// <param name="Note">Why it is not done, for a person.</param>
public sealed record RerankReport(
    [property: OneOf("Reranker", RerankNames.MaxSim, RerankNames.Cross)] string Reranker,
    [property: OneOf(
        "RerankOutcome",
        RerankReport.Done,
        RerankReport.OverBudget,
        RerankReport.Failed,
        RerankReport.Unavailable
    )]
        string Outcome,
    int Candidates,
    double TookMs,
    int BudgetMs,
    string? Note
)
{
    public const string Done = "done";
    public const string OverBudget = "over_budget";
    public const string Failed = "failed";
    public const string Unavailable = "unavailable";
}
