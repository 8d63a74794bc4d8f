using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Routing;

/// <summary>An answer from its first content on. Not safe for concurrent use.</summary>
/// <remarks>
/// Disposing it settles what it cost, whether it was read to its end or not, and whether the caller is still there or not; a
/// caller who leaves ends the model's work.
/// </remarks>
public sealed class RoutedAnswer<T> : IAsyncDisposable
{
    private readonly AttemptRun<T> _run;
    private readonly Action<AttemptRun<T>> _settle;
    private readonly Queue<T> _held;
    private bool _isSettled;

    internal RoutedAnswer(AttemptRun<T> run, IReadOnlyList<AttemptReport> before, Action<AttemptRun<T>> settle)
    {
        _run = run;
        _settle = settle;
        _held = run.TakeHeld();
        Before = before;
    }

    /// <summary>Of the call, in the ledger and the traces.</summary>
    public Guid CallId => _run.CallId;

    /// <summary>Who answers.</summary>
    public ChatModel Model => _run.Model;

    /// <summary>The targets before it that failed or were left alone.</summary>
    public IReadOnlyList<AttemptReport> Before { get; }

    /// <summary>The next of the answer's parts, after <see cref="MoveNextAsync"/> said that there is one.</summary>
    public T Current { get; private set; } = default!;

    /// <summary>As far as the provider told; null where it told nothing.</summary>
    public UsageDetails? Usage => _run.Usage;

    /// <summary>What the whole call used; an estimate where the provider told nothing. Known when the answer has ended.</summary>
    public TokenCounts Tokens => _run.Tokens;

    public bool IsEstimated => _run.IsEstimated;

    /// <summary>Of what this model did. Known when the answer has ended.</summary>
    public NanoDollars Cost => _run.Cost;

    /// <summary>Null until the answer has ended well.</summary>
    public string? FinishReason => _run.FinishReason;

    /// <summary>What answered, as the provider calls it.</summary>
    public string? ResponseModel => _run.ResponseModel;

    /// <summary>False when the answer has ended well.</summary>
    /// <exception cref="ModelException">It broke off: what came is no answer.</exception>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async ValueTask<bool> MoveNextAsync()
    {
        if (_held.TryDequeue(out var held))
        {
            Current = held;
            return true;
        }

        try
        {
            if (await _run.MoveNextAsync())
            {
                Current = _run.Current;
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

    public async ValueTask DisposeAsync()
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
