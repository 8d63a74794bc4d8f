using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Inference.Telemetry;

namespace Chancery.Server.Inference.Caching;

/// <summary>
/// Calls of models that may be answered from the cache: the same question at the same time is asked once. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Whoever is answered from it passes the checks of today all the same: what a call may cost at most must be left of their budgets.
/// Then it costs nothing, and the ledger has a row that says what was saved.
/// </remarks>
public sealed class CachedCalls
{
    private static readonly TimeSpan ReservationLife = TimeSpan.FromMinutes(5);

    private readonly ModelRouter _router;
    private readonly AnswerCache _cache;
    private readonly AnswerFlights _flights;
    private readonly CacheCounts _counts;
    private readonly UsageLedger _ledger;
    private readonly InferenceMeter _meter;
    private readonly RoutingOptions _routing;
    private readonly TimeProvider _time;
    private readonly ILogger<CachedCalls> _logger;

    internal CachedCalls(
        ModelRouter router,
        AnswerCache cache,
        AnswerFlights flights,
        CacheCounts counts,
        UsageLedger ledger,
        InferenceMeter meter,
        RoutingOptions routing,
        TimeProvider time,
        ILogger<CachedCalls> logger
    )
    {
        (_router, _cache, _flights, _counts, _ledger, _meter, _routing, _time, _logger) = (
            router,
            cache,
            flights,
            counts,
            ledger,
            meter,
            routing,
            time,
            logger
        );
    }

    public AnswerCacheOptions Options => _cache.Options;

    /// <summary>Finds an answer, or a model that answers.</summary>
    /// <param name="wish">Null for a call that has nothing to do with the cache.</param>
    /// <exception cref="OperationCanceledException">The caller left; that is settled.</exception>
    public Task<RouteOutcome<T>> OpenAsync<T>(
        CallPlan<T> plan,
        CacheWish<T>? wish,
        CancellationToken cancellationToken
    ) =>
        wish is null || !_cache.Options.IsOn
            ? _router.OpenAsync(plan, cancellationToken)
            : LookUpAsync(plan, wish, cancellationToken);

    private async Task<RouteOutcome<T>> LookUpAsync<T>(
        CallPlan<T> plan,
        CacheWish<T> wish,
        CancellationToken cancellationToken
    )
    {
        var tenant = plan.Payer.Tenant;
        // What somebody's own key was asked is theirs alone.
        if (wish.Key is not { } key || wish.Freshness == CacheFreshness.None || plan.Targets[0].IsOwnKey)
        {
            _counts.Bypassed(tenant);
            return Told(await _router.OpenAsync(plan, cancellationToken), CacheOutcome.Bypass);
        }

        var name = await _cache.NameAsync(key);
        if (!wish.Freshness.Looks)
        {
            _counts.Bypassed(tenant);
            return await AskAsync(plan, wish, name, CacheOutcome.Bypass, cancellationToken);
        }

        if (await _cache.FindAsync(key, name, cancellationToken) is { } found && IsYoung(found, wish.Freshness))
        {
            return await ReplayAsync(plan, wish, found, followed: false, cancellationToken);
        }

        var (flight, leads) = _flights.Join(name);
        if (leads)
        {
            // Whoever led before may have come to the end just now.
            if (_cache.FindHere(name) is { } late && IsYoung(late, wish.Freshness))
            {
                flight.End(late);
                flight.Dispose();
                return await ReplayAsync(plan, wish, late, followed: true, cancellationToken);
            }

            _counts.Miss(tenant);
            return await LeadAsync(plan, wish, name, flight, cancellationToken);
        }

        if (await FollowAsync(flight, cancellationToken) is { } shared)
        {
            return await ReplayAsync(plan, wish, shared, followed: true, cancellationToken);
        }

        // Whoever asked first came to no answer: their fault is theirs, and each asks for themselves.
        _counts.Miss(tenant);
        return await AskAsync(plan, wish, name, CacheOutcome.Miss, cancellationToken);
    }

    private bool IsYoung(CachedAnswer answer, CacheFreshness freshness) =>
        freshness.MostAge is not { } most || _time.GetUtcNow() - answer.At <= most;

    /// <summary>Null where there is nothing to share, or it takes longer than a call of one's own would be given to begin.</summary>
    private async Task<CachedAnswer?> FollowAsync(AnswerFlight flight, CancellationToken cancellationToken)
    {
        try
        {
            return await flight.Answer.WaitAsync(_routing.FirstContent, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            flight.FollowerLeaves();
        }
    }

    private async Task<RouteOutcome<T>> LeadAsync<T>(
        CallPlan<T> plan,
        CacheWish<T> wish,
        string name,
        AnswerFlight flight,
        CancellationToken cancellationToken
    )
    {
        var leaving = cancellationToken.UnsafeRegister(static state => ((AnswerFlight)state!).LeaderLeaves(), flight);
        var opening = _router.OpenAsync(plan, flight.Call);
        try
        {
            // Not the flight's own: a call that goes on for others must not hold whoever has left.
            var outcome = await opening.WaitAsync(cancellationToken);
            if (outcome is not RouteOutcome<T>.Answering { Answer: var answer })
            {
                flight.End(null);
                leaving.Unregister();
                return outcome;
            }

            if (AnswerRecording<T>.IsOwn(plan, wish, answer))
            {
                // Whoever waits asks for themselves now, not when this answer has ended.
                flight.End(null);
            }

            return new RouteOutcome<T>.Answering(
                new RecordedAnswer<T>(
                    answer,
                    Recording(plan, wish, name, flight),
                    CacheOutcome.Miss,
                    flight,
                    leaving,
                    _logger
                )
            );
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var goesOn = flight.LeaderLeaves();
            leaving.Unregister();
            var finishing = FinishAsync(opening, plan, wish, name, flight);
            if (!goesOn)
            {
                // It is cancelled; what it did until then is settled before the asker is let go.
                await finishing;
            }

            throw;
        }
        catch
        {
            flight.End(null);
            leaving.Unregister();
            throw;
        }
    }

    /// <summary>The asker left before the answer began; it is read to its end for those who wait. Never throws.</summary>
    private async Task FinishAsync<T>(
        Task<RouteOutcome<T>> opening,
        CallPlan<T> plan,
        CacheWish<T> wish,
        string name,
        AnswerFlight flight
    )
    {
        try
        {
            if (await opening is RouteOutcome<T>.Answering { Answer: var answer })
            {
                await using var rest = new RecordedAnswer<T>(
                    answer,
                    Recording(plan, wish, name, flight),
                    CacheOutcome.Miss,
                    flight: null,
                    leaving: default,
                    _logger
                );
                while (await rest.MoveNextAsync()) { }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody is left who waits for it.
        }
        catch (Exception exception)
        {
            Log.Abandoned(_logger, exception);
        }
        finally
        {
            flight.End(null);
        }
    }

    /// <summary>For oneself alone; what comes of it is kept for others.</summary>
    private async Task<RouteOutcome<T>> AskAsync<T>(
        CallPlan<T> plan,
        CacheWish<T> wish,
        string name,
        CacheOutcome told,
        CancellationToken cancellationToken
    )
    {
        var outcome = await _router.OpenAsync(plan, cancellationToken);
        return outcome is RouteOutcome<T>.Answering { Answer: var answer }
            ? new RouteOutcome<T>.Answering(
                new RecordedAnswer<T>(
                    answer,
                    Recording(plan, wish, name, flight: null),
                    told,
                    flight: null,
                    leaving: default,
                    _logger
                )
            )
            : outcome;
    }

    private AnswerRecording<T> Recording<T>(CallPlan<T> plan, CacheWish<T> wish, string name, AnswerFlight? flight) =>
        new(plan, wish, name, flight, _cache, _time, _logger);

    private RouteOutcome<T> Told<T>(RouteOutcome<T> outcome, CacheOutcome told) =>
        outcome is RouteOutcome<T>.Answering { Answer: var answer }
            ? new RouteOutcome<T>.Answering(
                new RecordedAnswer<T>(answer, null, told, flight: null, leaving: default, _logger)
            )
            : outcome;

    private async Task<RouteOutcome<T>> ReplayAsync<T>(
        CallPlan<T> plan,
        CacheWish<T> wish,
        CachedAnswer found,
        bool followed,
        CancellationToken cancellationToken
    )
    {
        var began = _time.GetTimestamp();
        var (worst, tokens) = _router.WorstOf(plan);
        var request = new ReservationRequest(
            plan.Id,
            plan.Payer,
            plan.Purpose,
            plan.Targets[0].Id,
            worst,
            tokens,
            ReservationLife
        );
        switch (await _ledger.ReserveAsync(request, cancellationToken))
        {
            case ReserveOutcome.Refused refused:
                _meter.BudgetRejected(refused.Refusal.Level, refused.Refusal.Period);
                return new RouteOutcome<T>.OverBudget(refused.Refusal);
            case ReserveOutcome.Unavailable unavailable:
                return new RouteOutcome<T>.Uncounted(unavailable.Why);
            case ReserveOutcome.Granted granted:
                var took = _time.GetElapsedTime(began);
                _ledger.Settle(
                    granted.Reservation,
                    [
                        new AttemptUsage(
                            found.Provider,
                            found.Model,
                            AttemptOutcome.Answered,
                            ErrorType: null,
                            Tokens: default,
                            Estimated: false,
                            // Not billed: what was saved.
                            found.Cost,
                            Billed: false,
                            took,
                            took,
                            CacheHit: true
                        ),
                    ]
                );
                _counts.Hit(plan.Payer.Tenant, found.Cost, followed);
                return new RouteOutcome<T>.Answering(
                    new ReplayedAnswer<T>(plan.Id, plan.Targets[0], found, wish.Codec.Replay(found))
                );
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unhandled outcome {other}.");
        }
    }
}
