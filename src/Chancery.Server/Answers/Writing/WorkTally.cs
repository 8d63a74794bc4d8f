using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Answers.Writing;

/// <summary>What models did for one piece of work.</summary>
/// <param name="Model">Null where none was asked.</param>
/// <param name="CostNanoDollars">Billionths of a dollar.</param>
internal sealed record ModelWork(
    string? Model,
    string? PromptVersion,
    long InputTokens,
    long OutputTokens,
    long CostNanoDollars,
    bool IsEstimated
)
{
    public static ModelWork None { get; } = new(null, null, 0, 0, 0, false);
}

/// <summary>What models did for one draft or change, summed up. Safe for concurrent use.</summary>
internal sealed class WorkTally
{
    private readonly Lock _adding = new();
    private readonly SortedSet<string> _guards = new(StringComparer.Ordinal);
    private ModelWork _work = ModelWork.None;

    /// <summary>Whether the last answer came from the cache.</summary>
    public bool IsCached { get; private set; }

    public ModelWork Work
    {
        get
        {
            lock (_adding)
            {
                return _work;
            }
        }
    }

    /// <summary>Which guards took something out of it, or stopped it, of <see cref="Guarding.GuardHit"/>; each once.</summary>
    public IReadOnlyList<string> Guards
    {
        get
        {
            lock (_adding)
            {
                return [.. _guards];
            }
        }
    }

    public void Guarded(params IEnumerable<string> hits)
    {
        lock (_adding)
        {
            _guards.UnionWith(hits);
        }
    }

    public void Add(
        string model,
        string promptVersion,
        TokenCounts tokens,
        NanoDollars cost,
        bool isEstimated,
        bool isCached
    )
    {
        lock (_adding)
        {
            _work = new ModelWork(
                _work.Model ?? model,
                promptVersion,
                _work.InputTokens + tokens.Input + tokens.CacheRead + tokens.CacheWrite + tokens.CacheWriteHour,
                _work.OutputTokens + tokens.Output,
                _work.CostNanoDollars + cost.Value,
                _work.IsEstimated || isEstimated
            );
            IsCached = isCached;
        }
    }
}
