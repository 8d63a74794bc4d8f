namespace Chancery.Server.Inference.Routing;

/// <summary>
/// Lets retries be at most a share of calls, so that a provider in trouble is not asked twice as much as before. Safe for concurrent
/// use.
/// </summary>
/// <remarks>A bucket that each call fills by the share and each retry empties by one; it holds ten, so that single faults pass.</remarks>
public sealed class RetryBudget(RoutingOptions options)
{
    private const double Most = 10;

    private readonly Lock _gate = new();
    private double _left = Most;

    /// <summary>A call begins.</summary>
    public void Earn()
    {
        lock (_gate)
        {
            _left = Math.Min(Most, _left + options.RetryShare);
        }
    }

    /// <summary>Whether one retry is left, which is then spent.</summary>
    public bool TrySpend()
    {
        lock (_gate)
        {
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
