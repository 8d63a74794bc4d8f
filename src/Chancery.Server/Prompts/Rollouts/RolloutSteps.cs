using System.Globalization;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Telemetry;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>Why a rollout was not begun or moved.</summary>
internal enum RolloutFault
{
    None,
    NoPrompt,
    NoVersion,

    /// <summary>The version is in production already.</summary>
    InProduction,

    /// <summary>Another rollout of the prompt is running.</summary>
    Running,

    /// <summary>The version was turned back before, and nobody said that it may try again.</summary>
    TurnedBack,

    /// <summary>No rollout is running.</summary>
    NotRunning,
}

/// <summary>
/// Rollouts, begun by people, moved by the plan's rule or by people, and turned back by either: each step is one transaction that holds the
/// rollout's row. Safe for concurrent use.
/// </summary>
internal sealed class RolloutSteps(
    TenantDatabase database,
    LabelStore labels,
    PromptStore prompts,
    AuditTrail trail,
    AlertQueue alerts,
    PromptMeter meter,
    TimeProvider time
)
{
    /// <summary>Time alone moves a rollout on, too; so long it may wait for that.</summary>
    public static readonly TimeSpan LongestUnseen = TimeSpan.FromMinutes(1);

    /// <summary>How long ago uses may have ended that tell whether a rollout has to end at once.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromMinutes(2);

    /// <summary>Begins to give a version to a few.</summary>
    /// <param name="again">Whether a version that was turned back before may try again.</param>
    public async Task<(Rollout? Rollout, RolloutFault Fault)> StartAsync(
        Principal principal,
        Guid prompt,
        int version,
        string unit,
        RolloutPlan plan,
        bool again,
        string? why,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (!await labels.LockAsync(session, prompt, cancellationToken))
        {
            return (null, RolloutFault.NoPrompt);
        }

        if (await prompts.FindVersionAsync(session, prompt, version, cancellationToken) is null)
        {
            return (null, RolloutFault.NoVersion);
        }

        if (await RolloutStore.RunningAsync(session, prompt, cancellationToken) is not null)
        {
            return (null, RolloutFault.Running);
        }

        var control = await LabelStore.CurrentAsync(session, prompt, PromptLabel.Production, cancellationToken);
        if (control == version)
        {
            return (null, RolloutFault.InProduction);
        }

        if (!again && await RolloutStore.WasHarmfulAsync(session, prompt, version, cancellationToken))
        {
            return (null, RolloutFault.TurnedBack);
        }

        var now = time.GetUtcNow();
        var rollout = new Rollout(
            Guid.CreateVersion7(now),
            prompt,
            control!.Value,
            version,
            unit,
            plan,
            RolloutState.Running,
            plan.Stages[0].Exposure,
            RolloutProgress.Start(plan, now),
            await RolloutCounts.LimitsAsync(session, plan, prompt, control.Value, cancellationToken),
            Decision: null,
            principal.Name,
            now,
            now,
            EndedAt: null,
            EndedBy: null,
            Reason: null
        );
        await RolloutStore.AddAsync(session, rollout, principal.UserId, cancellationToken);
        await RolloutStore.TellAsync(
            session,
            rollout,
            "started",
            principal.Name,
            why,
            time.GetUtcNow(),
            cancellationToken
        );
        if (plan.Stages.Count == 1)
        {
            rollout = await EnterAsync(session, rollout, 0, principal.Name, why, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        meter.Stepped(prompt, "started", isByRule: false);
        if (rollout.State != RolloutState.Running)
        {
            meter.Stepped(prompt, rollout.State, isByRule: false);
        }

        return (rollout, RolloutFault.None);
    }

    /// <summary>Goes on to the next stage because a person says so.</summary>
    public async Task<(Rollout? Rollout, RolloutFault Fault)> AdvanceAsync(
        Principal principal,
        Guid prompt,
        string? why,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (await RolloutStore.RunningAsync(session, prompt, cancellationToken) is not { } rollout)
        {
            return (null, RolloutFault.NotRunning);
        }

        rollout = await ObserveAsync(session, rollout, cancellationToken);
        var advanced = await EnterAsync(
            session,
            rollout,
            rollout.Progress.Stage + 1,
            principal.Name,
            why,
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        meter.Stepped(prompt, advanced.State == RolloutState.Running ? "advanced" : advanced.State, isByRule: false);
        return (advanced, RolloutFault.None);
    }

    /// <summary>Ends the rollout that is running: everybody gets the control again from this commit on.</summary>
    public async Task<(Rollout? Rollout, RolloutFault Fault)> TurnBackAsync(
        Principal principal,
        Guid prompt,
        string? why,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (await RolloutStore.RunningAsync(session, prompt, cancellationToken) is not { } rollout)
        {
            return (null, RolloutFault.NotRunning);
        }

        rollout = await ObserveAsync(session, rollout, cancellationToken);
        var ended = await EndAsync(
            session,
            rollout,
            RolloutState.RolledBack,
            principal.Name,
            why ?? "Somebody turned it back.",
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        meter.Stepped(prompt, ended.State, isByRule: false);
        return (ended, RolloutFault.None);
    }

    /// <summary>Counts what came since the last look and does what the plan's rule says.</summary>
    public async Task LookAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (await RolloutStore.TakeAsync(session, id, cancellationToken) is not { } before)
        {
            return;
        }

        var now = time.GetUtcNow();
        var seen = await ObserveAsync(session, before, cancellationToken);
        var (recentControl, recentTreatment) = await RolloutCounts.RecentAsync(
            session,
            id,
            now - Recent,
            cancellationToken
        );
        var decision = RolloutRules.Decide(seen.Plan, seen.Progress, recentControl, recentTreatment, now);
        var decided = seen with
        {
            Decision = decision,
            LookedAt = now,
            Progress = seen.Progress with { LookedAt = now },
        };
        switch (decision)
        {
            case RolloutDecision.Advance advance:
                decided = await EnterAsync(session, decided, advance.Stage, by: null, why: null, cancellationToken);
                break;
            case RolloutDecision.RollBack back:
                decided = await EndAsync(
                    session,
                    decided,
                    RolloutState.RolledBack,
                    by: null,
                    Told(back.Evidence),
                    cancellationToken
                );
                break;
            case RolloutDecision.Kill kill:
                decided = await EndAsync(
                    session,
                    decided,
                    RolloutState.Killed,
                    by: null,
                    Told(kill.Evidence),
                    cancellationToken
                );
                break;
            case RolloutDecision.AskPerson ask when before.Decision is not RolloutDecision.AskPerson:
                await RolloutStore.TellAsync(
                    session,
                    decided,
                    "asked",
                    by: null,
                    Told(ask.Reason),
                    time.GetUtcNow(),
                    cancellationToken
                );
                await RolloutStore.SaveAsync(session, decided, cancellationToken);
                break;
            default:
                // Where nothing came and nothing is decided, only that it was looked at is written, once a minute.
                if (
                    seen.Progress != before.Progress
                    || seen.Limits != before.Limits
                    || decision != before.Decision
                    || now - before.LookedAt >= LongestUnseen
                    || now.UtcDateTime.Date != before.LookedAt.UtcDateTime.Date
                )
                {
                    await RolloutStore.SaveAsync(session, decided, cancellationToken);
                }

                break;
        }

        var alert =
            decision is RolloutDecision.AskPerson && before.Decision is RolloutDecision.AskPerson
                ? null
                : RolloutAlert.Of(tenant.Value, decided, decision, now);
        if (alert is not null)
        {
            await alerts.TellAsync(session, alert, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        if (alert is not null)
        {
            await alerts.WakeAsync();
        }

        if (decided.State != RolloutState.Running)
        {
            meter.Stepped(decided.PromptId, decided.State, isByRule: true);
            await RecordAsync(tenant, decided);
        }
        else if (decision is RolloutDecision.Advance)
        {
            meter.Stepped(decided.PromptId, "advanced", isByRule: true);
        }
        else if (decision is RolloutDecision.AskPerson && before.Decision is not RolloutDecision.AskPerson)
        {
            meter.Stepped(decided.PromptId, "asked", isByRule: true);
        }
    }

    private static async Task<Rollout> ObserveAsync(
        TenantSession session,
        Rollout rollout,
        CancellationToken cancellationToken
    )
    {
        var known = rollout.Limits.IsKnown
            ? rollout
            : rollout with
            {
                Limits = await RolloutCounts.LimitsAsync(
                    session,
                    rollout.Plan,
                    rollout.PromptId,
                    rollout.Control,
                    cancellationToken
                ),
            };
        var (control, treatment) = await RolloutCounts.NewAsync(session, known, cancellationToken);
        return control == ArmCounts.Empty && treatment == ArmCounts.Empty
            ? known
            : known with
            {
                Progress = known.Progress.Observe(control, treatment),
            };
    }

    private async Task<Rollout> EnterAsync(
        TenantSession session,
        Rollout rollout,
        int stage,
        string? by,
        string? why,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var entered = rollout with
        {
            Exposure = rollout.Plan.Stages[stage].Exposure,
            Progress = rollout.Progress.Enter(stage, now),
            Limits = await RolloutCounts.LimitsAsync(
                session,
                rollout.Plan,
                rollout.PromptId,
                rollout.Control,
                cancellationToken
            ),
            LookedAt = now,
        };
        if (entered.Exposure < RolloutAssignment.Buckets)
        {
            await RolloutStore.SaveAsync(session, entered, cancellationToken);
            await RolloutStore.TellAsync(session, entered, "advanced", by, why, time.GetUtcNow(), cancellationToken);
            return entered;
        }

        await labels.PointAsync(
            session,
            rollout.PromptId,
            PromptLabel.Production,
            rollout.Control,
            rollout.Treatment,
            why ?? "Its rollout reached everybody.",
            (null, by ?? "Rollout"),
            cancellationToken
        );
        return await EndAsync(session, entered, RolloutState.Complete, by, why, cancellationToken);
    }

    private async Task<Rollout> EndAsync(
        TenantSession session,
        Rollout rollout,
        string state,
        string? by,
        string? why,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var ended = rollout with
        {
            State = state,
            Exposure = state == RolloutState.Complete ? RolloutAssignment.Buckets : 0,
            LookedAt = now,
            EndedAt = now,
            EndedBy = by,
            Reason = why,
        };
        await RolloutStore.SaveAsync(session, ended, cancellationToken);
        await RolloutStore.TellAsync(session, ended, state, by, why, time.GetUtcNow(), cancellationToken);
        return ended;
    }

    private Task RecordAsync(TenantId tenant, Rollout rollout) =>
        trail.RecordAsync(
            new AuditEvent(AuditActor.Server(tenant.Value), $"prompt.rollout_{rollout.State}", AuditOutcome.Succeeded)
            {
                SubjectKind = "prompt",
                SubjectId = rollout.PromptId.ToString(),
            }
        );

    /// <summary>What a rollback rests on, in words.</summary>
    internal static string Told(RolloutEvidence evidence)
    {
        var what = evidence.Metric switch
        {
            RolloutMetric.Error => "did not succeed",
            RolloutMetric.PromptFault => "gave an answer that could not be used",
            RolloutMetric.GuardHit => "were held back by a guard",
            RolloutMetric.Latency => "were slower than the control's slowest twentieth",
            RolloutMetric.Cost => "cost more than the control's dearest tenth",
            RolloutMetric.ThumbsDown => "were rated down",
            RolloutMetric.Unfaithful =>
                "were found unfaithful by a judge (one that it gave no score counts against the old version)",
            _ => "were judged low",
        };
        var told = string.Create(
            CultureInfo.InvariantCulture,
            $"Of the new version's uses, {evidence.Treatment.Bad} of {evidence.Treatment.Observed} {what}; of the old one's, {evidence.Control.Bad} of {evidence.Control.Observed}."
        );
        return evidence.PValue is { } p
            ? told + string.Create(CultureInfo.InvariantCulture, $" p = {p:G3}, at any look.")
            : told + string.Create(CultureInfo.InvariantCulture, $" The limit is {evidence.Limit:P0}.");
    }

    /// <summary>What a person is asked, in words.</summary>
    internal static string Told(AskReason reason) =>
        reason switch
        {
            AskReason.LowTraffic => "Too few uses came to decide. A person has to say whether it goes on.",
            AskReason.Unjudged =>
                "The judge gave too few scores, or none of too many answers. A person has to say whether it goes on.",
            _ => "It is still not clear whether the new version does harm. A person has to say whether it goes on.",
        };
}
