using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Routing;

/// <summary>An answer that a model gives now. Not safe for concurrent use.</summary>
/// <remarks>A caller who leaves ends the model's work.</remarks>
internal sealed class LiveAnswer<T> : RoutedAnswer<T>
{
    private readonly AttemptRun<T> _run;
    private readonly Action<AttemptRun<T>> _settle;
    private readonly Queue<T> _held;
    private readonly IReadOnlyList<AttemptReport> _before;
    private T _current = default!;
    private bool _isSettled;

    public LiveAnswer(AttemptRun<T> run, IReadOnlyList<AttemptReport> before, Action<AttemptRun<T>> settle)
    {
        _run = run;
        _settle = settle;
        _held = run.TakeHeld();
        _before = before;
    }

    public override Guid CallId => _run.CallId;

    public override ChatModel Model => _run.Model;

    public override IReadOnlyList<AttemptReport> Before => _before;

    public override T Current => _current;

    public override UsageDetails? Usage => _run.Usage;

    public override TokenCounts Tokens => _run.Tokens;

    public override bool IsEstimated => _run.IsEstimated;

    public override NanoDollars Cost => _run.Cost;

    public override string? FinishReason => _run.FinishReason;

    public override string? ResponseModel => _run.ResponseModel;

    public override async ValueTask<bool> MoveNextAsync()
    {
        if (_held.TryDequeue(out var held))
        {
            _current = held;
            return true;
        }

        try
        {
            if (await _run.MoveNextAsync())
            {
                _current = _run.Current;
                return true;
            }
        }
        catch
        {
            Settle();
            throw;
        }

        Settle();
        return false;
    }

    public override async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        Settle();
    }

    private void Settle()
    {
        if (!_isSettled)
        {
            _isSettled = true;
            _settle(_run);
        }
    }
}
