using System.Collections.Concurrent;

namespace Chancery.Server.Inference.Caching;

/// <summary>One question on its way to a model, and those who ask the same meanwhile. Safe for concurrent use.</summary>
/// <remarks>Who asked first may leave: the call goes on as long as somebody waits for it.</remarks>
internal sealed class AnswerFlight(AnswerFlights flights, string name) : IDisposable
{
    private readonly TaskCompletionSource<CachedAnswer?> _answer = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );
    private readonly CancellationTokenSource _call = new();
    private readonly Lock _gate = new();
    private int _followers;
    private bool _leaderLeft;
    private bool _isOver;

    /// <summary>Of the call itself: cancelled when nobody is left.</summary>
    public CancellationToken Call => _call.Token;

    /// <summary>Null where the call came to no answer that others can be given.</summary>
    public Task<CachedAnswer?> Answer => _answer.Task;

    public int Followers
    {
        get
        {
            lock (_gate)
            {
                return _followers;
            }
        }
    }

    /// <summary>False where it is over, or given up.</summary>
    public bool TryFollow()
    {
        lock (_gate)
        {
            if (_isOver || _call.IsCancellationRequested)
            {
                return false;
            }

            _followers++;
            return true;
        }
    }

    public void FollowerLeaves()
    {
        lock (_gate)
        {
            _followers--;
            if (!_leaderLeft || _followers > 0 || _isOver)
            {
                return;
            }
        }

        GiveUp();
    }

    /// <summary>Whoever asked first is gone. True where the call goes on for others.</summary>
    public bool LeaderLeaves()
    {
        lock (_gate)
        {
            _leaderLeft = true;
            if (_followers > 0 && !_isOver)
            {
                return true;
            }
        }

        GiveUp();
        return false;
    }

    /// <summary>Once; a second end does nothing.</summary>
    public void End(CachedAnswer? answer)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
        }

        flights.Remove(name, this);
        _answer.TrySetResult(answer);
    }

    public void Dispose() => _call.Dispose();

    private void GiveUp()
    {
        try
        {
            _call.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }

        End(null);
    }
}

/// <summary>The questions on their way, by the names of their answers. Safe for concurrent use.</summary>
internal sealed class AnswerFlights
{
    private readonly ConcurrentDictionary<string, AnswerFlight> _all = new(StringComparer.Ordinal);

    public int Count => _all.Count;

    /// <summary>Those who wait for somebody else's question now.</summary>
    public int Followers => _all.Values.Sum(flight => flight.Followers);

    /// <summary>The flight to follow, or to lead.</summary>
    public (AnswerFlight Flight, bool Leads) Join(string name)
    {
        while (true)
        {
            if (_all.TryGetValue(name, out var known))
            {
                if (known.TryFollow())
                {
                    return (known, false);
                }

                Remove(name, known);
            }

            var own = new AnswerFlight(this, name);
            if (_all.TryAdd(name, own))
            {
                return (own, true);
            }

            own.Dispose();
        }
    }

    public void Remove(string name, AnswerFlight flight) =>
        _all.TryRemove(new KeyValuePair<string, AnswerFlight>(name, flight));
}
