using Chancery.Evaluation.Rollouts;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Telemetry;
using Chancery.Server.Prompts.Templates;
using Npgsql;

namespace Chancery.Server.Prompts.Releases;

/// <summary>
/// Moves the words of a release on, or back, by the plan's rule or because the operator says so. Each step is one transaction that holds the
/// release's row, so that servers that look at once take it once. Safe for concurrent use.
/// </summary>
internal sealed class ReleaseSteps(
    NpgsqlDataSource source,
    ShippedPrompts shipped,
    AuditTrail trail,
    PromptMeter meter,
    TimeProvider time,
    ILogger<ReleaseSteps> logger
)
{
    /// <summary>Counts what came since the last look, in all organisations, and does what the plan's rule says.</summary>
    public async Task LookAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await ReleaseStore.TakeAsync(transaction, id, cancellationToken) is not { } before)
        {
            return;
        }

        var now = time.GetUtcNow();
        var seen = await ObserveAsync(transaction, before, cancellationToken);
        var (recentControl, recentTreatment) = await ReleaseStore.RecentAsync(
            transaction,
            id,
            Later(now - RolloutSteps.Recent, seen.BegunAt),
            cancellationToken
        );
        var decision = RolloutRules.Decide(seen.Plan, seen.Progress, recentControl, recentTreatment, now);
        var decided = seen with
        {
            Decision = decision,
            LookedAt = now,
            Progress = seen.Progress with { LookedAt = now },
        };
        decided = decision switch
        {
            RolloutDecision.Advance advance => await EnterAsync(transaction, decided, advance.Stage, cancellationToken),
            RolloutDecision.RollBack { Evidence: var evidence } => Ended(
                decided,
                ReleaseState.RolledBack,
                by: null,
                RolloutSteps.Told(evidence)
            ),
            RolloutDecision.Kill { Evidence: var evidence } => Ended(
                decided,
                ReleaseState.Killed,
                by: null,
                RolloutSteps.Told(evidence)
            ),
            _ => decided,
        };
        if (
            decided.State != before.State
            || decided.Exposure != before.Exposure
            || seen.Progress != before.Progress
            || seen.Limits != before.Limits
            || decision != before.Decision
            || now - before.LookedAt >= RolloutSteps.LongestUnseen
        )
        {
            await ReleaseStore.SaveAsync(transaction, decided, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        await TellAsync(before, decided);
    }

    /// <summary>
    /// Goes on to the next stage; of words that were turned back, begins again with the first, and with no evidence.
    /// </summary>
    /// <param name="again">Whether words that were turned back may try again.</param>
    /// <param name="seen">The stage, from 0, that it is at by whoever wishes it; null for any.</param>
    public Task<(PromptRelease? Release, ReleaseFault Fault)> AdvanceAsync(
        Guid id,
        string by,
        string why,
        bool again,
        int? seen,
        CancellationToken cancellationToken
    ) =>
        MoveAsync(
            id,
            async (transaction, release) =>
            {
                if (ReleaseState.IsTurnedBack(release.State))
                {
                    return again
                        ? (Begun(release, time.GetUtcNow(), why), ReleaseFault.None)
                        : (null, ReleaseFault.TurnedBack);
                }

                if (release.State != ReleaseState.Running)
                {
                    return (null, ReleaseFault.Settled);
                }

                if (seen is { } stage && stage != release.Progress.Stage)
                {
                    return (null, ReleaseFault.Moved);
                }

                var observed = await ObserveAsync(transaction, release, cancellationToken);
                var entered = await EnterAsync(
                    transaction,
                    observed,
                    release.Progress.Stage + 1,
                    cancellationToken,
                    by,
                    why
                );
                return (entered, ReleaseFault.None);
            },
            cancellationToken
        );

    /// <summary>
    /// Everybody has the former words again, from this commit on. Nothing is counted before: a rollback waits for as little as it can.
    /// </summary>
    public Task<(PromptRelease? Release, ReleaseFault Fault)> TurnBackAsync(
        Guid id,
        string by,
        string why,
        CancellationToken cancellationToken
    ) =>
        MoveAsync(
            id,
            async (transaction, release) =>
            {
                if (release.FormerSha256 is null || ReleaseState.IsTurnedBack(release.State))
                {
                    return (null, ReleaseFault.Settled);
                }

                // Where later words are everybody's, nobody has these.
                var all = await ReleaseStore.OfPromptAsync(transaction, release.PromptId, cancellationToken);
                return
                    release.State != ReleaseState.Running
                    && all.Any(one => one.CreatedAt > release.CreatedAt && ReleaseState.IsEverybodys(one.State))
                    ? (null, ReleaseFault.Settled)
                    : (Ended(release, ReleaseState.RolledBack, by, why), ReleaseFault.None);
            },
            cancellationToken
        );

    private async Task<(PromptRelease? Release, ReleaseFault Fault)> MoveAsync(
        Guid id,
        Func<NpgsqlTransaction, PromptRelease, Task<(PromptRelease? Moved, ReleaseFault Fault)>> move,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await ReleaseStore.FindAsync(transaction, id, cancellationToken) is not { } before)
        {
            return (null, ReleaseFault.NoRelease);
        }

        var (moved, fault) = await move(transaction, before);
        if (moved is null)
        {
            return (before, fault);
        }

        await ReleaseStore.SaveAsync(transaction, moved, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        meter.Released(moved.PromptId, StepOf(before, moved)!, isByRule: false);
        return (moved, ReleaseFault.None);
    }

    private static async Task<PromptRelease> ObserveAsync(
        NpgsqlTransaction transaction,
        PromptRelease release,
        CancellationToken cancellationToken
    )
    {
        var known = release.Limits.IsKnown
            ? release
            : release with
            {
                Limits = await ReleaseStore.LimitsAsync(transaction, release, cancellationToken),
            };
        var (control, treatment) = await ReleaseStore.NewAsync(transaction, known, cancellationToken);
        return control == ArmCounts.Empty && treatment == ArmCounts.Empty
            ? known
            : known with
            {
                Progress = known.Progress.Observe(control, treatment),
            };
    }

    private async Task<PromptRelease> EnterAsync(
        NpgsqlTransaction transaction,
        PromptRelease release,
        int stage,
        CancellationToken cancellationToken,
        string? by = null,
        string? why = null
    )
    {
        var now = time.GetUtcNow();
        var entered = release with
        {
            Exposure = release.Plan.Stages[stage].Exposure,
            Progress = release.Progress.Enter(stage, now),
            Limits = await ReleaseStore.LimitsAsync(transaction, release, cancellationToken),
            LookedAt = now,
        };
        return entered.Exposure < RolloutAssignment.Buckets ? entered : Ended(entered, ReleaseState.Complete, by, why);
    }

    private PromptRelease Ended(PromptRelease release, string state, string? by, string? why)
    {
        var now = time.GetUtcNow();
        return release with
        {
            State = state,
            Exposure = state == ReleaseState.Complete ? RolloutAssignment.Buckets : 0,
            LookedAt = now,
            EndedAt = now,
            EndedBy = by,
            Reason = why,
        };
    }

    private static PromptRelease Begun(PromptRelease release, DateTimeOffset now, string why) =>
        release with
        {
            State = ReleaseState.Running,
            Exposure = release.Plan.Stages[0].Exposure,
            Progress = RolloutProgress.Start(release.Plan, now),
            Limits = RolloutLimits.Unknown,
            Decision = null,
            BegunAt = now,
            LookedAt = now,
            EndedAt = null,
            EndedBy = null,
            // What turned it back is not forgotten.
            Reason = $"{why} It was turned back before: {release.Reason}",
        };

    /// <summary>Tells the operator what the rule did: in the log, as a figure, and, of what ended, in the installation's record.</summary>
    private async Task TellAsync(PromptRelease before, PromptRelease decided)
    {
        if (StepOf(before, decided) is not { } step)
        {
            return;
        }

        meter.Released(decided.PromptId, step, isByRule: true);
        var name = shipped.Find(decided.PromptId)?.Name ?? decided.PromptId.ToString();
        if (ReleaseState.IsTurnedBack(decided.State))
        {
            Log.ReleaseTurnedBack(logger, name, decided.Id, decided.Reason ?? "");
        }
        else if (step == "asked")
        {
            Log.ReleaseAsks(logger, name, decided.Id);
        }
        else
        {
            Log.ReleaseMoved(logger, name, decided.Id, decided.Exposure / 100.0);
        }

        if (decided.State != ReleaseState.Running)
        {
            await trail.RecordAsync(
                new AuditEvent(
                    AuditActor.Server(AuditActor.Installation),
                    $"installation.prompt_release_{decided.State}",
                    AuditOutcome.Succeeded
                )
                {
                    SubjectKind = "prompt_release",
                    SubjectId = decided.Id.ToString(),
                }
            );
        }
    }

    /// <summary>As figures name it; null where nothing happened.</summary>
    private static string? StepOf(PromptRelease before, PromptRelease after) =>
        after.State != before.State ? (after.State == ReleaseState.Running ? "started" : after.State)
        : after.Exposure != before.Exposure ? "advanced"
        : after.Decision is RolloutDecision.AskPerson && before.Decision is not RolloutDecision.AskPerson ? "asked"
        : null;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
