using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Gates;

/// <summary>Lets a version to people, few or all, only where it passes what its prompt has to pass. Safe for concurrent use.</summary>
internal sealed class GateKeeper(PromptStore prompts, GateStore gates, IRolloutGate gate, PromptMeter meter)
{
    /// <param name="skip">Whether to let it by unseen; then <paramref name="why"/> has to say why.</param>
    /// <param name="notes">Where it is written down that a gate was passed over unseen.</param>
    /// <returns>Null where it may pass: there is no gate, it passes, or it is in production already. What is not there is not refused here.</returns>
    public async Task<ProblemHttpResult?> RefuseAsync(
        Principal principal,
        Guid id,
        int version,
        bool skip,
        string? why,
        AuditNotes notes,
        CancellationToken cancellationToken
    )
    {
        if (skip)
        {
            if (string.IsNullOrWhiteSpace(why))
            {
                return Problem.Invalid("why", "Say why it may begin without passing the gate.");
            }

            if (await gates.FindAsync(principal, id, cancellationToken) is { } skipped)
            {
                meter.Gated(id, "skipped");
                notes.Add("gate", "skipped").Add("gate_dataset", skipped.Dataset.ToString());
            }

            return null;
        }

        if (
            await gates.FindAsync(principal, id, cancellationToken) is not { } set
            || await prompts.FindAsync(principal, id, cancellationToken) is not { } prompt
            || prompt.Production == version
            || await prompts.FindVersionAsync(principal, id, version, cancellationToken) is null
        )
        {
            return null;
        }

        var report = await gate.LookAsync(principal, set, id, prompt.Production, version, cancellationToken);
        meter.Gated(id, report.Verdict);
        return report.Verdict switch
        {
            GateVerdict.Passed => null,
            GateVerdict.Missing => Problem.Conflict(
                "evaluation-missing",
                "The version was not evaluated yet",
                report.Why!
            ),
            _ => Problem.Conflict("evaluation-worse", "The version does worse than the one in production", report.Why!),
        };
    }
}
