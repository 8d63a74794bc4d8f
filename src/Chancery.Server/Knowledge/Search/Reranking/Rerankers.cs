using Chancery.Search;
using Chancery.Server.Platform.LocalModels;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>The rerankers of this installation. Safe for concurrent use.</summary>
internal sealed class Rerankers : IDisposable
{
    private readonly Embeddings _embeddings;
    private readonly MaxSimReranker? _maxSim;
    private readonly CrossModel? _crossModel;
    private readonly RerankChoice _usual;

    public Rerankers(
        Embeddings embeddings,
        IOptions<KnowledgeOptions> options,
        LocalModelDirectory models,
        TimeProvider time
    )
    {
        _embeddings = embeddings;
        var knowledge = options.Value;
        Budget = TimeSpan.FromMilliseconds(knowledge.RerankBudgetMs);
        if (embeddings.IsLocal)
        {
            Cache = new PassageTokenCache(knowledge.RerankCacheMb * 1_000_000L);
            _maxSim = new MaxSimReranker(
                () => embeddings.Encoder,
                Cache,
                With(knowledge.RerankCandidates, LateInteraction.Settings)
            );
        }

        if (knowledge.CrossEncoder is { Length: > 0 } given && CrossEncoderFiles.Find(given, models.Root) is { } files)
        {
            _crossModel = new CrossModel(
                files,
                models,
                knowledge.CrossEncoderTokens,
                knowledge.EmbeddingThreads > 0
                    ? knowledge.EmbeddingThreads
                    : Math.Max(1, Environment.ProcessorCount / 2),
                time
            );
            Cross = new CrossReranker(_crossModel, With(knowledge.RerankCandidates, LateInteraction.CrossSettings));
        }

        _usual =
            knowledge.Rerank is not RerankChoice.Auto ? knowledge.Rerank
            : Cross is not null ? RerankChoice.Cross
            : RerankChoice.Off;
    }

    /// <summary>How long a search waits for one.</summary>
    public TimeSpan Budget { get; }

    /// <summary>Null while no model is installed that runs in this process.</summary>
    public MaxSimReranker? MaxSim => _embeddings.Model is null ? null : _maxSim;

    /// <summary>Null where the operator supplied none.</summary>
    public CrossReranker? Cross { get; }

    /// <summary>What <see cref="MaxSim"/> keeps.</summary>
    public PassageTokenCache? Cache { get; }

    /// <summary>What a search gets: maxsim, cross or off.</summary>
    public RerankChoice Of(RerankChoice wanted) => wanted is RerankChoice.Auto ? _usual : wanted;

    public void Dispose() => _crossModel?.Dispose();

    private static RerankSettings With(int candidates, RerankSettings settings) =>
        candidates > 0 ? settings with { Candidates = candidates } : settings;
}
