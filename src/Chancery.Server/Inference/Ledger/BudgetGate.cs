using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Whether a reservation fits below its caps, counted in Redis, or in PostgreSQL while Redis does not answer.</summary>
/// <remarks>
/// What Redis counts is believed only under the marker that this process expects: the epoch of the ledger, the Redis process, the caps.
/// A Redis that was emptied, restarted with old data or replaced does not carry it, and is counted anew first. Safe for concurrent use.
/// </remarks>
internal sealed class BudgetGate(
    RedisGateway redis,
    LedgerPulse pulse,
    BudgetBook book,
    BudgetCounts counts,
    LedgerStore store,
    LedgerClock clock,
    ILogger<BudgetGate> logger
)
{
    /// <summary>Counts are made anew now and then, whatever happens; windows that are over go with that.</summary>
    private static readonly TimeSpan BelievedFor = TimeSpan.FromHours(6);

    /// <summary>
    /// Calls that began without caps, on servers that did not know of them yet, are not in the first count after a cap was set.
    /// </summary>
    private static readonly TimeSpan BelievedAfterChange = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CountingPatience = TimeSpan.FromSeconds(20);
    private const int Attempts = 6;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _rebuilding = new();
    private readonly ConcurrentDictionary<long, Task<bool>> _fences = new();
    private long _onPostgresSince;
    private int _breaksSeen;

    /// <summary>Whether any cap on money counts for the payer.</summary>
    /// <exception cref="NpgsqlException">It is not known, and PostgreSQL does not answer.</exception>
    public async ValueTask<bool> HasCapsAsync(Payer payer, CancellationToken cancellationToken) =>
        !(await book.OfAsync(null, cancellationToken)).IsEmpty
        || (await book.OfAsync(payer.Tenant, cancellationToken)).Of(payer).Any(cap => !cap.CountsTokens);

    /// <summary>Takes the reservation on all levels or on none, and calls <paramref name="write"/> when it is taken.</summary>
    /// <param name="write">Writes it down; while it runs, nobody counts anew.</param>
    /// <exception cref="NpgsqlException">Redis and PostgreSQL are both away.</exception>
    /// <exception cref="IOException">It was taken and could not be written down.</exception>
    public async Task<ReserveOutcome> TakeAsync(
        Reservation reservation,
        Action<Reservation> write,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var scopes = await ScopesAsync(reservation, cancellationToken);
            long epoch;
            bool isRedis;
            var lost = -1;
            using (var turn = pulse.Enter())
            {
                (epoch, isRedis) = (turn.Epoch, turn.IsRedis);
                if (scopes.Count == 0)
                {
                    write(reservation);
                    return new ReserveOutcome.Granted(reservation);
                }

                if (isRedis && epoch > 0)
                {
                    var step = await TakeInRedisAsync(reservation, scopes, epoch);
                    switch (step.Answer)
                    {
                        case Answer.Granted:
                            write(reservation);
                            return new ReserveOutcome.Granted(reservation);
                        case Answer.Refused:
                            return new ReserveOutcome.Refused(step.Refusal!);
                        case Answer.Lost:
                            lost = step.Scope;
                            break;
                    }
                }
            }

            if (epoch == 0)
            {
                pulse.Hurry();
                await Task.Delay(50, cancellationToken);
                attempt -= pulse.IsKnown ? 1 : 0;
            }
            else if (!isRedis)
            {
                if (await TakeInPostgresAsync(reservation, scopes, epoch, write, cancellationToken) is { } outcome)
                {
                    return outcome;
                }
            }
            else if (lost >= 0)
            {
                await RebuildAsync(scopes[lost].Tenant, epoch, cancellationToken);
            }
            else
            {
                await LeaveRedisAsync(epoch, cancellationToken);
            }
        }

        return new ReserveOutcome.Unavailable("Budgets are being counted anew. Try again in a few seconds.");
    }

    /// <summary>Gives back what the call did not cost, or takes what it cost beyond; nobody waits for it.</summary>
    public void Settle(Reservation reservation, NanoDollars cost, long tokens)
    {
        // Elsewhere it counts when it is copied; Redis is counted anew before it is believed again.
        if (!pulse.IsRedis)
        {
            return;
        }

        var payer = reservation.Request.Payer;
        var day = DayOf(reservation);
        ReadOnlySpan<BudgetScope?> scopes = [book.Known(payer.Tenant), book.Known(null)];
        foreach (var scope in scopes)
        {
            if (scope is not { IsEmpty: false })
            {
                continue;
            }

            redis.Fire(
                BudgetScripts.Settle,
                [scope.Key, scope.EndKeyOf(reservation.Id)],
                [
                    FieldOf(reservation),
                    Text(cost.Value),
                    Text(tokens),
                    .. scope.Of(payer).Select(cap => cap.FieldOn(day)),
                ]
            );
        }
    }

    /// <summary>A tenant's counts are made anew before the next reservation.</summary>
    public Task ForgetAsync(TenantId tenant) => redis.RunAsync(BudgetScripts.Forget, [BudgetScope.KeyOf(tenant)], []);

    /// <summary>Back to Redis, once it answers again.</summary>
    public async Task ReturnToRedisAsync(CancellationToken cancellationToken)
    {
        bool isRedis;
        long epoch;
        using (var turn = pulse.Enter())
        {
            (isRedis, epoch) = (turn.IsRedis, turn.Epoch);
        }

        if (isRedis || epoch == 0)
        {
            Volatile.Write(ref _onPostgresSince, 0);
            return;
        }

        if (_onPostgresSince == 0)
        {
            // At least once round: not back and forth with each hiccup.
            Volatile.Write(ref _onPostgresSince, clock.Time.GetTimestamp());
            return;
        }

        if (await redis.PingAsync() is not null)
        {
            await pulse.RaiseAsync(epoch, toRedis: true, cancellationToken);
        }
    }

    /// <summary>When a connection broke, ends of calls may have been lost on it: what this process counts against is counted anew.</summary>
    public async Task DoubtAfterBreakAsync()
    {
        var breaks = redis.Breaks;
        if (breaks == _breaksSeen || await redis.PingAsync() is null)
        {
            return;
        }

        foreach (var scope in book.AllKnown())
        {
            await redis.RunAsync(BudgetScripts.Forget, [scope.Key], []);
        }

        _breaksSeen = breaks;
    }

    private async ValueTask<IReadOnlyList<BudgetScope>> ScopesAsync(
        Reservation reservation,
        CancellationToken cancellationToken
    )
    {
        var payer = reservation.Request.Payer;
        var tenant = await book.OfAsync(payer.Tenant, cancellationToken);
        var installation = await book.OfAsync(null, cancellationToken);
        if (tenant.IsEmpty && installation.IsEmpty)
        {
            return [];
        }

        return [.. new[] { tenant, installation }.Where(scope => CapsOf(scope, reservation).Count > 0)];
    }

    /// <summary>What costs nothing crosses no cap on money, also none that is crossed already.</summary>
    private static IReadOnlyList<Cap> CapsOf(BudgetScope scope, Reservation reservation)
    {
        var caps = scope.Of(reservation.Request.Payer);
        return reservation.Request.WorstCase.Value > 0 ? caps : [.. caps.Where(cap => cap.CountsTokens)];
    }

    private async Task<Step> TakeInRedisAsync(Reservation reservation, IReadOnlyList<BudgetScope> scopes, long epoch)
    {
        if (await redis.IdentityAsync() is not { } identity)
        {
            return new Step(Answer.Gone);
        }

        var request = reservation.Request;
        var day = DayOf(reservation);
        for (var i = 0; i < scopes.Count; i++)
        {
            var scope = scopes[i];
            var caps = CapsOf(scope, reservation);
            var arguments = new List<object>(4 + 2 * caps.Count)
            {
                MarkerOf(scope, epoch, identity),
                FieldOf(reservation),
                Text(request.WorstCase.Value),
                Text(reservation.Tokens),
            };
            foreach (var cap in caps)
            {
                arguments.Add(cap.FieldOn(day));
                arguments.Add(Text(cap.CapNano));
            }

            var answer = await redis.RunAsync(BudgetScripts.Reserve, [scope.Key], arguments);
            if (answer is ["granted"])
            {
                continue;
            }

            // All or nothing: what the scopes before this one hold is given back.
            for (var taken = 0; taken < i; taken++)
            {
                GiveBack(reservation, scopes[taken], day);
            }

            return answer switch
            {
                ["refused", var index, var used] => new Step(
                    Answer.Refused,
                    Refusal: RefusalOf(caps[int.Parse(index, CultureInfo.InvariantCulture)], used, day)
                ),
                ["lost"] => new Step(Answer.Lost, i),
                _ => new Step(Answer.Gone),
            };
        }

        return new Step(Answer.Granted);
    }

    // Nothing says that it ended: the same call may be taken again.
    private void GiveBack(Reservation reservation, BudgetScope scope, DateOnly day) =>
        redis.Fire(
            BudgetScripts.Settle,
            [scope.Key],
            [FieldOf(reservation), "0", "0", .. scope.Of(reservation.Request.Payer).Select(cap => cap.FieldOn(day))]
        );

    private async Task<ReserveOutcome?> TakeInPostgresAsync(
        Reservation reservation,
        IReadOnlyList<BudgetScope> scopes,
        long epoch,
        Action<Reservation> write,
        CancellationToken cancellationToken
    )
    {
        if (!await FenceOnceAsync(epoch))
        {
            return null;
        }

        using var turn = pulse.Enter();
        if (turn.Epoch != epoch)
        {
            return null;
        }

        var row = await store.ReserveAsync(
            reservation,
            epoch,
            OfPlan(scopes, BudgetLevel.Plan),
            OfPlan(scopes, BudgetLevel.Quota),
            cancellationToken
        );
        switch (row.Outcome)
        {
            case "granted":
                write(reservation);
                return new ReserveOutcome.Granted(reservation);
            case "refused":
                var day = DayOf(reservation);
                return new ReserveOutcome.Refused(
                    new BudgetRefusal(
                        row.Level!,
                        row.Period!,
                        new NanoDollars(row.Cap),
                        new NanoDollars(row.Used),
                        BudgetWindow.EndOf(row.Period!, day)
                    )
                );
            default:
                // Somebody went back to Redis; this server learns of it with its next beat.
                pulse.Hurry();
                await Task.Delay(50, cancellationToken);
                return null;
        }
    }

    private static long? OfPlan(IReadOnlyList<BudgetScope> scopes, string level) =>
        scopes.SelectMany(scope => scope.Caps).FirstOrDefault(cap => cap.Level == level)?.CapNano;

    /// <summary>Once for each epoch: what others had granted in Redis is in PostgreSQL before anything is granted here.</summary>
    private async Task<bool> FenceOnceAsync(long epoch)
    {
        var fence = _fences.GetOrAdd(epoch, one => pulse.FenceAsync(one, CancellationToken.None));
        try
        {
            if (await fence)
            {
                return true;
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            _fences.TryRemove(epoch, out _);
            throw;
        }

        _fences.TryRemove(epoch, out _);
        return false;
    }

    private async Task LeaveRedisAsync(long epoch, CancellationToken cancellationToken)
    {
        await pulse.RaiseAsync(epoch, toRedis: false, cancellationToken);
        var deadline = Environment.TickCount64 + 3000;
        while (pulse.Epoch == epoch && Environment.TickCount64 < deadline)
        {
            pulse.Hurry();
            await Task.Delay(10, cancellationToken);
        }
    }

    /// <summary>Counts a scope anew: after everybody has copied what was granted, and one process at a time.</summary>
    private async Task RebuildAsync(TenantId? tenant, long epoch, CancellationToken cancellationToken)
    {
        var gate = _rebuilding.GetOrAdd(BudgetScope.KeyOf(tenant), _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (await redis.IdentityAsync() is not { } identity)
            {
                return;
            }

            var scope = await book.ReadAsync(tenant, cancellationToken);
            var marker = MarkerOf(scope, epoch, identity);
            var answer = await redis.RunAsync("return {redis.call('HGET', KEYS[1], 'm') or ''}", [scope.Key], []);
            if (answer is [var present] && present == marker || scope.IsEmpty)
            {
                return;
            }

            var started = clock.Time.GetTimestamp();
            if (!await pulse.FenceAsync(epoch, cancellationToken))
            {
                return;
            }

            await WriteAsync(scope, marker, cancellationToken);
            Log.Rebuilt(logger, scope.Key, (long)clock.Time.GetElapsedTime(started).TotalMilliseconds);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task WriteAsync(BudgetScope scope, string marker, CancellationToken cancellationToken)
    {
        // Only the last who began to count may write: what another read before that is old by then.
        var token = Guid.CreateVersion7().ToString("n");
        var tokenKey = $"{scope.Key}:count";
        await redis.SetAsync(tokenKey, token, CountingPatience);

        var now = clock.Now;
        var day = DateOnly.FromDateTime(now.UtcDateTime);
        var found = await counts.ReadAsync(scope, day, cancellationToken);
        var life = now - scope.ChangedAt < BelievedAfterChange ? BelievedAfterChange : BelievedFor;
        var keys = new List<string> { scope.Key, tokenKey };
        var arguments = new List<object> { marker, token, Text((long)life.TotalMilliseconds), Text(scope.Caps.Count) };
        foreach (var cap in scope.Caps)
        {
            arguments.Add(cap.FieldOn(day));
            arguments.Add(Text(found.Used.GetValueOrDefault((cap.Level, cap.Subject, cap.Period))));
        }

        foreach (var open in found.Open)
        {
            var fields = scope.Caps.Where(cap => open.CountsFor(cap, day)).Select(cap => cap.FieldOn(day)).ToList();
            keys.Add(scope.EndKeyOf(open.RequestId));
            arguments.Add($"r:{open.RequestId:n}");
            arguments.Add(Text(open.AmountNano));
            arguments.Add(Text(open.AmountTokens));
            arguments.Add(Text(fields.Count));
            arguments.AddRange(fields);
        }

        await redis.RunAsync(BudgetScripts.Rebuild, [.. keys], arguments);
    }

    private static BudgetRefusal RefusalOf(Cap cap, string used, DateOnly day) =>
        new(
            cap.Level,
            cap.Period,
            new NanoDollars(cap.CapNano),
            new NanoDollars(long.Parse(used, CultureInfo.InvariantCulture)),
            BudgetWindow.EndOf(cap.Period, day)
        );

    /// <summary>Ends so that a server of before tokens were counted does not believe it, nor is believed.</summary>
    private static string MarkerOf(BudgetScope scope, long epoch, string identity) =>
        string.Create(CultureInfo.InvariantCulture, $"{epoch}:{identity}:{scope.Digest}:t");

    private static string FieldOf(Reservation reservation) => $"r:{reservation.Id:n}";

    private static DateOnly DayOf(Reservation reservation) => DateOnly.FromDateTime(reservation.ReservedAt.UtcDateTime);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private enum Answer
    {
        Granted,
        Refused,
        Lost,
        Gone,
    }

    /// <param name="Scope">Which one is to be counted anew.</param>
    private sealed record Step(Answer Answer, int Scope = -1, BudgetRefusal? Refusal = null);
}
