using System.Text.RegularExpressions;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>Reads the rollouts that an archive brought: nobody could look at one whose plan or progress is none.</summary>
internal sealed partial class ImportedRollouts : IImportCheck
{
    private const int AtOnce = 200;

    public string Table => "prompt_rollouts";

    public async Task<bool> FitsAsync(TenantSession session, CancellationToken cancellationToken)
    {
        Guid? after = null;
        while (true)
        {
            // From the table, and not from the archive: jsonb puts members in another order, of which the last one counts.
            var rows = await RolloutStore.RowsAsync(session, after, AtOnce, cancellationToken);
            if (!rows.All(Fits))
            {
                return false;
            }

            if (rows.Count < AtOnce)
            {
                return true;
            }

            after = rows[^1].Id;
        }
    }

    /// <summary>Whether it can be read, shown, decided about and stored again.</summary>
    private static bool Fits(RolloutStore.Row row)
    {
        try
        {
            var rollout = row.ToRollout();
            var (plan, progress) = (rollout.Plan, rollout.Progress);
            if (
                plan.Faults().Count > 0
                || progress.Stage < 0
                || progress.Stage >= plan.Stages.Count
                || Endless().IsMatch(row.Progress)
            )
            {
                return false;
            }

            _ = RolloutView.Of(rollout, []);
            _ = RolloutRules.Decide(plan, progress, ArmCounts.Empty, ArmCounts.Empty, progress.LookedAt.AddDays(1));
            _ = RolloutJson.Write(progress.Observe(progress.Control, progress.Treatment).Enter(0, progress.LookedAt));
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever it fails by here, it would fail by at each look.
            return false;
        }
    }

    // Ten thousand million uses: comparing takes as long as counts are large, and no rollout has that many.
    [GeneratedRegex(@"(?<![0-9.])[0-9]{11}")]
    private static partial Regex Endless();
}
