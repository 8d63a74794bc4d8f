using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Background work of evaluation that goes on when an organisation comes in from an archive.</summary>
internal static class ImportedEvaluationWork
{
    public static IReadOnlyList<TakenWork> All { get; } =
    [
        new(
            RunWork.Kind,
            "EXISTS (SELECT 1 FROM eval_runs AS o WHERE o.tenant_id = t.tenant_id AND o.state IN ('queued', 'running') AND t.subject = jsonb_build_object('run', o.run_id))"
        ),
        new(
            RedTeamWork.Kind,
            "EXISTS (SELECT 1 FROM red_team_runs AS o WHERE o.tenant_id = t.tenant_id AND o.state IN ('queued', 'running') AND t.subject = jsonb_build_object('run', o.run_id))"
        ),
    ];
}
