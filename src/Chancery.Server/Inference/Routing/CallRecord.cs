using System.Globalization;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;

namespace Chancery.Server.Inference.Routing;

/// <summary>
/// What became of each attempt of one call: told to breakers, traces and figures when it ends, and settled with the others when
/// the call does. Not safe for concurrent use.
/// </summary>
internal sealed class CallRecord<T>(
    ModelRouter router,
    CallPlan<T> plan,
    Reservation reservation,
    InferenceMeter.InFlight inFlight,
    long began,
    DateOnly today
)
{
    /// <summary>Why an attempt was given up that another one was faster than.</summary>
    public const string Hedged = "hedged";

    private readonly List<AttemptReport> _reports = [];
    private readonly List<(AttemptRun<T> Run, AttemptUsage Usage)> _noted = [];
    private InferenceMeter.InFlight _inFlight = inFlight;

    /// <summary>In the order in which they ended.</summary>
    public IReadOnlyList<AttemptReport> Reports => _reports;

    public bool HasAttempts => _noted.Count > 0;

    public int FallbackIndexOf(ChatModel model) =>
        _reports.Count == 0 ? 0 : _reports.Select(report => report.Model.Id).Distinct().Count(id => id != model.Id);

    /// <summary>A target was left alone.</summary>
    public void Skip(ChatModel model, string why) =>
        _reports.Add(new AttemptReport(model, "skipped", why, null, TimeSpan.Zero));

    /// <summary>An attempt has ended. A second time it does nothing.</summary>
    public void Note(AttemptRun<T> run)
    {
        if (_noted.Exists(known => ReferenceEquals(known.Run, run)))
        {
            return;
        }

        run.Cost = run.Model.IsOwnKey ? default : run.Model.PricesOn(today)?.Cost(run.Tokens) ?? default;
        var (outcome, why) = run switch
        {
            { Fault: null } => (AttemptOutcome.Answered, null),
            { IsGivenUp: true } => (AttemptOutcome.Cancelled, Hedged),
            { Fault: OperationCanceledException } => (AttemptOutcome.Cancelled, null),
            { IsCommitted: true } => (AttemptOutcome.Truncated, WhyOf(run)),
            _ => (AttemptOutcome.Failed, WhyOf(run)),
        };
        var status = (run.Fault as ModelException)?.Status;
        _reports.Add(new AttemptReport(run.Model, outcome, why, status, run.Took, run.Beside is not null));
        _noted.Add(
            (
                run,
                new AttemptUsage(
                    run.Model.ProviderName,
                    run.Model.Id,
                    outcome,
                    why,
                    run.Tokens,
                    Estimated: run.IsEstimated,
                    run.Cost,
                    // What was given up or broke off after it began was paid for, too; what never began was not.
                    Billed: !run.Model.IsOwnKey && outcome != AttemptOutcome.Failed,
                    run.Took,
                    run.FirstPart,
                    CacheHit: false
                )
            )
        );
        Tell(run);
        EndScope(run, outcome, why);
        TellMeter(run, outcome);
    }

    /// <summary>Nothing more will be asked: settles.</summary>
    public void Close()
    {
        // The ledger numbers attempts as they began.
        _noted.Sort(static (one, other) => one.Run.Number.CompareTo(other.Run.Number));
        router.Ledger.Settle(reservation, [.. _noted.Select(noted => noted.Usage)]);
        _inFlight.Dispose();
        router.Meter.Overhead(router.Time.GetElapsedTime(began) - Waited(), plan.Purpose.Operation);
    }

    /// <summary>How long a provider was waited for; time in which two were counts once.</summary>
    private TimeSpan Waited()
    {
        var (sum, until) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var (run, _) in _noted)
        {
            var start = router.Time.GetElapsedTime(began, run.Started);
            var end = start + run.Took;
            if (end > until)
            {
                sum += end - (start > until ? start : until);
                until = end;
            }
        }

        return sum;
    }

    private void TellMeter(AttemptRun<T> run, string outcome)
    {
        if (outcome == AttemptOutcome.Truncated)
        {
            router.Meter.StreamTruncated(run.Model.ProviderName, run.Model.Id);
        }

        if (run.Beside is { } slow)
        {
            router.Meter.Hedged(
                slow.Id,
                run.Model.Id,
                run.IsCommitted ? "won"
                    : run.IsGivenUp ? "lost"
                    : outcome
            );
        }

        // What failed before and was given up for this one; what was asked beside another took nothing over from it.
        if (
            run.IsCommitted
            && _reports.FindLast(report => report.Model.Id != run.Model.Id && !report.IsBeside)
                is { Why: { } reason } last
        )
        {
            router.Meter.FellBack(last.Model.Id, run.Model.Id, reason);
        }
    }

    private static void EndScope(AttemptRun<T> run, string outcome, string? why)
    {
        var tokens = run.Tokens;
        var end = new ModelCallEnd
        {
            InputTokens = tokens.Input,
            CacheReadTokens = tokens.CacheRead,
            CacheWriteTokens = tokens.CacheWrite + tokens.CacheWriteHour,
            OutputTokens = tokens.Output,
            ReasoningTokens = tokens.Reasoning,
            Estimated = run.IsEstimated,
            FinishReason = run.FinishReason,
            ResponseModel = run.ResponseModel,
            ResponseId = run.ResponseId,
        };
        if (outcome == AttemptOutcome.Answered)
        {
            run.Scope.Succeeded(end);
            return;
        }

        var fault = run.Fault as ModelException;
        run.Scope.Failed(fault?.Status?.ToString(CultureInfo.InvariantCulture) ?? why ?? outcome, end, fault?.Message);
    }

    private static string WhyOf(AttemptRun<T> run) =>
        run.TimedOut
            ? "timeout"
            : (run.Fault as ModelException)?.Kind switch
            {
                ModelFailure.Key => "credential",
                ModelFailure.Rate => "rate",
                ModelFailure.Client => "client",
                ModelFailure.Context => "context",
                ModelFailure.Policy => "policy",
                _ => "transient",
            };

    private void Tell(AttemptRun<T> run)
    {
        switch (run.Fault)
        {
            case null:
                run.Pass?.Succeeded();
                if (!run.Model.IsOwnKey)
                {
                    router.Health.Accept(run.Model, run.Key);
                }

                break;
            case ModelException { Kind: ModelFailure.Key }:
                run.Pass?.Unknown(run.IsProbe);
                if (!run.Model.IsOwnKey)
                {
                    router.Health.Refuse(run.Model, run.Key);
                }

                break;
            case ModelException { Kind: ModelFailure.Transient or ModelFailure.Rate }:
                run.Pass?.Failed();
                break;
            default:
                run.Pass?.Unknown(run.IsProbe);
                break;
        }
    }
}
