using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge;

/// <summary>
/// The embedding models that organisations of this installation may be searched with: its own, which all are unless they choose, and
/// those that the settings name beside it. Safe for concurrent use.
/// </summary>
internal sealed class EmbeddingModels : IDisposable
{
    private readonly Embeddings[] _others;
    private readonly IReadOnlyDictionary<string, long> _prices;

    public EmbeddingModels(
        Embeddings installation,
        OperatorHttp http,
        IOptions<KnowledgeOptions> options,
        IOptions<WorkOptions> work,
        LocalModelDirectory models,
        ModelCallTelemetry telemetry,
        TimeProvider time,
        ILogger<Embeddings> logger
    )
    {
        Default = installation;
        _others =
        [
            .. EmbeddingChoices
                .Others(options.Value)
                .Select(one => new Embeddings(http, Options.Create(one), work, models, telemetry, time, logger)),
        ];
        _prices = EmbeddingChoices.NanoDollarsPerToken(options.Value);
    }

    /// <summary>The installation's; there may be none, or none yet.</summary>
    public Embeddings Default { get; }

    /// <summary>Those that are wanted, installed or not; the installation's first.</summary>
    public IEnumerable<Embeddings> All => _others.Prepend(Default).Where(one => one.Identity is not null);

    /// <summary>By the name under which its vectors are kept; null where the settings do not name it any more.</summary>
    public Embeddings? Find(string? identity) =>
        identity is null ? null : All.FirstOrDefault(one => one.Identity == identity);

    /// <summary>By that name, or by what people call it: a local model without its hash.</summary>
    public Embeddings? Named(string name) =>
        Find(name)
        ?? All.FirstOrDefault(one =>
            one.IsLocal && LabelOf(one.Identity!).Equals(name, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>all-MiniLM-L6-v2 for all-MiniLM-L6-v2@0a1b2c3d4e5f; an endpoint's id as it is.</summary>
    public string LabelOf(string identity) =>
        Find(identity) is not { IsLocal: false } && identity.LastIndexOf('@') is > 0 and var at
            ? identity[..at]
            : identity;

    /// <summary>In nano-dollars for a token; null where the operator did not say.</summary>
    public long? PriceOf(Embeddings model) =>
        model.IsLocal ? 0
        : _prices.TryGetValue(model.Identity!, out var price) ? price
        : null;

    public void Dispose()
    {
        foreach (var other in _others)
        {
            other.Dispose();
        }
    }
}
