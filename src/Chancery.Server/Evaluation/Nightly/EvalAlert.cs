using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Evaluation.Nightly;

/// <summary>A score that fell.</summary>
/// <param name="Name">As in <c>scores</c> of a run.</param>
/// <param name="Before">Its mean the night before.</param>
/// <param name="Low">Lower end of the 95 % interval of the mean difference; below 0.</param>
/// <param name="High">Its upper end; below 0.</param>
public sealed record FallenScore(string Name, double Before, double After, double Low, double High);

/// <summary>What an organisation is told of a nightly evaluation.</summary>
/// <param name="Type">evaluation.regressed where scores fell surely below those of the night before; evaluation.over_cap where it reached its cap on cost before its end.</param>
/// <param name="Asked">Questions that were asked.</param>
/// <param name="Total">Questions that were to be asked.</param>
/// <param name="CostUsd">In dollars.</param>
/// <param name="Scores">Those that fell.</param>
public sealed record EvalAlert(
    [property: OneOf("EvalAlertType", EvalAlert.Regressed, EvalAlert.OverCap)] string Type,
    Guid OrganizationId,
    Guid DatasetId,
    Guid RunId,
    int Asked,
    int Total,
    decimal CostUsd,
    IReadOnlyList<FallenScore>? Scores,
    DateTimeOffset At
) : IAlert
{
    public const string Regressed = "evaluation.regressed";
    public const string OverCap = "evaluation.over_cap";

    /// <summary>What of a nightly run that ended is to be told; null for nothing.</summary>
    internal static EvalAlert? Of(
        Guid organisation,
        EndedRun run,
        IReadOnlyList<ScoreChange> worse,
        DateTimeOffset now
    ) =>
        worse.Count == 0 && run.State != RunState.OverCap
            ? null
            : new EvalAlert(
                worse.Count > 0 ? Regressed : OverCap,
                organisation,
                run.DatasetId,
                run.Id,
                run.Asked,
                run.Total,
                RunRow.DollarsOf(run.CostNano),
                worse.Count == 0
                    ? null
                    :
                    [
                        .. worse.Select(change => new FallenScore(
                            change.Name,
                            change.Before!.Value,
                            change.After!.Value,
                            change.Low!.Value,
                            change.High!.Value
                        )),
                    ],
                now
            );
}
