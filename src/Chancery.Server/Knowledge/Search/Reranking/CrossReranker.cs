using Chancery.Search;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>The operator's cross-encoder, which reads the query together with each passage. Safe for concurrent use.</summary>
internal sealed class CrossReranker(CrossModel model, RerankSettings settings) : IReranker
{
    public string Name => RerankNames.Cross;

    public RerankSettings Settings => settings;

    public Task<double[]> ScoreAsync(
        string query,
        IReadOnlyList<RerankPassage> passages,
        CancellationToken cancellationToken
    ) => model.Load().ScoreAsync(query, [.. passages.Select(LateInteraction.TextOf)], cancellationToken);
}
