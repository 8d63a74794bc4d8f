using Chancery.Evaluation.Rollouts;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>What an organisation is told when a rollout goes back by itself, or waits for a person.</summary>
/// <param name="Type">rollout.rolled_back by its rule, rollout.killed by a limit that ends it at once, or rollout.waiting.</param>
/// <param name="Control">The version that is in production.</param>
/// <param name="Treatment">The new one.</param>
/// <param name="Exposure">Percent of units that have the new one from now on.</param>
/// <param name="Metric">Of one that went back: what decided, such as error, latency or thumbs_down.</param>
/// <param name="Waiting">Of one that waits: low_traffic, undecided, or unjudged.</param>
/// <param name="ControlBad">Uses of the old version that did badly by the metric.</param>
/// <param name="ControlUses">Of so many.</param>
/// <param name="TreatmentBad">Uses of the new version that did badly by the metric.</param>
/// <param name="TreatmentUses">Of so many.</param>
public sealed record RolloutAlert(
    [property: OneOf("RolloutAlertType", RolloutAlert.RolledBack, RolloutAlert.Killed, RolloutAlert.Waits)] string Type,
    Guid OrganizationId,
    Guid PromptId,
    Guid RolloutId,
    int Control,
    int Treatment,
    double Exposure,
    string? Metric,
    string? Waiting,
    long? ControlBad,
    long? ControlUses,
    long? TreatmentBad,
    long? TreatmentUses,
    DateTimeOffset At
) : IAlert
{
    public const string RolledBack = "rollout.rolled_back";
    public const string Killed = "rollout.killed";
    public const string Waits = "rollout.waiting";

    /// <summary>What the rollout's own decision is to be told; null for one that nobody is told of.</summary>
    internal static RolloutAlert? Of(
        Guid organisation,
        Rollout rollout,
        RolloutDecision decision,
        DateTimeOffset now
    ) =>
        decision switch
        {
            RolloutDecision.RollBack { Evidence: var evidence } => Of(organisation, rollout, RolledBack, evidence, now),
            RolloutDecision.Kill { Evidence: var evidence } => Of(organisation, rollout, Killed, evidence, now),
            RolloutDecision.AskPerson { Reason: var reason } => Of(organisation, rollout, Waits, null, now) with
            {
                Waiting = RolloutView.NameOf(reason.ToString()),
            },
            _ => null,
        };

    private static RolloutAlert Of(
        Guid organisation,
        Rollout rollout,
        string type,
        RolloutEvidence? evidence,
        DateTimeOffset now
    ) =>
        new(
            type,
            organisation,
            rollout.PromptId,
            rollout.Id,
            rollout.Control,
            rollout.Treatment,
            rollout.Exposure / 100.0,
            evidence is null ? null : RolloutView.NameOf(evidence.Metric.ToString()),
            Waiting: null,
            evidence?.Control.Bad,
            evidence?.Control.Observed,
            evidence?.Treatment.Bad,
            evidence?.Treatment.Observed,
            now
        );
}
