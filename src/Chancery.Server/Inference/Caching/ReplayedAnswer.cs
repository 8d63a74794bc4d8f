using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Caching;

/// <summary>An answer that was kept, in the parts that the caller wants. Nobody was asked, and nothing is to be settled.</summary>
internal sealed class ReplayedAnswer<T>(Guid callId, ChatModel model, CachedAnswer answer, IEnumerable<T> parts)
    : RoutedAnswer<T>
{
    private readonly IEnumerator<T> _parts = parts.GetEnumerator();
    private bool _isOver;

    public override Guid CallId => callId;

    public override ChatModel Model => model;

    public override IReadOnlyList<AttemptReport> Before => [];

    public override T Current => _parts.Current;

    public override UsageDetails? Usage { get; } = UpdateCodec.NoUsage();

    public override TokenCounts Tokens => default;

    public override bool IsEstimated => false;

    public override NanoDollars Cost => NanoDollars.Zero;

    public override string? FinishReason => _isOver ? ChatFinishReason.Stop.Value : null;

    public override string? ResponseModel => answer.ResponseModel;

    public override CacheOutcome Cache => CacheOutcome.Hit;

    public override NanoDollars Saved => answer.Cost;

    public override ValueTask<bool> MoveNextAsync()
    {
        _isOver = !_parts.MoveNext();
        return ValueTask.FromResult(!_isOver);
    }

    public override ValueTask DisposeAsync()
    {
        _parts.Dispose();
        return ValueTask.CompletedTask;
    }
}
