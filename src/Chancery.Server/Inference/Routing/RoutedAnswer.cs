using Chancery.Models;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Routing;

/// <summary>An answer from its first content on: of a model, or kept from one. Not safe for concurrent use.</summary>
/// <remarks>
/// Disposing it settles what it cost, whether it was read to its end or not, and whether the caller is still there or not.
/// </remarks>
public abstract class RoutedAnswer<T> : IAsyncDisposable
{
    private protected RoutedAnswer() { }

    /// <summary>Of the call, in the ledger and the traces.</summary>
    public abstract Guid CallId { get; }

    /// <summary>Who answers.</summary>
    public abstract ChatModel Model { get; }

    /// <summary>The targets before it that failed or were left alone.</summary>
    public abstract IReadOnlyList<AttemptReport> Before { get; }

    /// <summary>The next of the answer's parts, after <see cref="MoveNextAsync"/> said that there is one.</summary>
    public abstract T Current { get; }

    /// <summary>As far as the provider told; null where it told nothing.</summary>
    public abstract UsageDetails? Usage { get; }

    /// <summary>What the whole call used; an estimate where the provider told nothing. Known when the answer has ended.</summary>
    public abstract TokenCounts Tokens { get; }

    public abstract bool IsEstimated { get; }

    /// <summary>Of what this model did. Known when the answer has ended.</summary>
    public abstract NanoDollars Cost { get; }

    /// <summary>Null until the answer has ended well.</summary>
    public abstract string? FinishReason { get; }

    /// <summary>What answered, as the provider calls it.</summary>
    public abstract string? ResponseModel { get; }

    /// <summary>What the cache of answers had to do with it.</summary>
    public virtual CacheOutcome Cache => CacheOutcome.Off;

    /// <summary>What a model would have cost, and did when it was asked; nothing where one was asked now.</summary>
    public virtual NanoDollars Saved => NanoDollars.Zero;

    /// <summary>False when the answer has ended well.</summary>
    /// <exception cref="ModelException">It broke off: what came is no answer.</exception>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public abstract ValueTask<bool> MoveNextAsync();

    public abstract ValueTask DisposeAsync();
}
