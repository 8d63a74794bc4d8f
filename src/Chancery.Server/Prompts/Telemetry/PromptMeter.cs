using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Chancery.Server.Platform.Telemetry.Tracing;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Prompts.Telemetry;

/// <summary>Who gets which arm of a rollout, what became of it, and how rollouts go. Safe for concurrent use.</summary>
/// <remarks>No label names an organisation, and prompts of organisations are all one: only the product's own have names.</remarks>
internal sealed class PromptMeter
{
    public const string MeterName = "Chancery.Prompts";

    /// <summary>What prompts are called that an organisation wrote itself.</summary>
    public const string Own = "own";

    private readonly ShippedPrompts _shipped;
    private readonly Counter<long> _exposures;
    private readonly Counter<long> _uses;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _steps;
    private readonly Counter<long> _gates;
    private readonly Counter<long> _releases;

    public PromptMeter(IMeterFactory meters, ShippedPrompts shipped)
    {
        _shipped = shipped;
        var meter = meters.Create(MeterName);
        _exposures = meter.CreateCounter<long>(
            "chancery_prompt_exposures_total",
            description: "Versions that a rollout dealt, by its arm and the stage that it was in."
        );
        _uses = meter.CreateCounter<long>(
            "chancery_prompt_uses_total",
            description: "Uses of prompts that ended, by how."
        );
        _lost = meter.CreateCounter<long>(
            "chancery_prompt_uses_lost_total",
            description: "Uses that could not be written down."
        );
        _steps = meter.CreateCounter<long>(
            "chancery_prompt_rollout_steps_total",
            description: "Steps of rollouts, by whether a person or a rule took them."
        );
        _gates = meter.CreateCounter<long>(
            "chancery_prompt_gates_total",
            description: "New versions that stood before a gate, by what it said."
        );
        _releases = meter.CreateCounter<long>(
            "chancery_prompt_release_steps_total",
            description: "Steps of the words of releases on their way to everybody, by whether the operator or a rule took them."
        );
    }

    /// <summary>A rollout dealt a version.</summary>
    /// <param name="stage">Index into its plan's stages, at most 20.</param>
    /// <param name="isRare">Whether so few get the new one that the trace of each who does is kept.</param>
    public void Exposed(PromptUse use, int stage, bool isRare = true)
    {
        _exposures.Add(
            1,
            new("prompt", NameOf(use.PromptId)),
            new("arm", ArmOf(use)),
            new("stage", stage.ToString(CultureInfo.InvariantCulture))
        );
        if (use.IsTreated && isRare)
        {
            Activity.Current?.SetTag(SpanNames.Keep, "canary");
        }
    }

    /// <param name="outcome">One of <see cref="RunOutcome"/>.</param>
    public void Used(Guid prompt, string? arm, string outcome) =>
        _uses.Add(1, new("prompt", NameOf(prompt)), new("arm", arm ?? "none"), new("outcome", outcome));

    public void Lost(int uses) => _lost.Add(uses);

    /// <param name="step">started, advanced, asked, or one of <see cref="RolloutState"/>.</param>
    public void Stepped(Guid prompt, string step, bool isByRule) =>
        _steps.Add(1, new("prompt", NameOf(prompt)), new("step", step), new("by", isByRule ? "rule" : "person"));

    /// <param name="step">started, advanced, asked, at_once, or one of <see cref="RolloutState"/>.</param>
    public void Released(Guid prompt, string step, bool isByRule) =>
        _releases.Add(1, new("prompt", NameOf(prompt)), new("step", step), new("by", isByRule ? "rule" : "operator"));

    /// <param name="verdict">One of <see cref="Gates.GateVerdict"/>, or skipped.</param>
    public void Gated(Guid prompt, string verdict) =>
        _gates.Add(1, new("prompt", NameOf(prompt)), new KeyValuePair<string, object?>("verdict", verdict));

    /// <summary>As the API names it; none outside of a rollout.</summary>
    public static string ArmOf(PromptUse use) =>
        use.Rollout is null ? "none"
        : use.IsTreated ? "treatment"
        : "control";

    private string NameOf(Guid prompt) => _shipped.Find(prompt)?.Name ?? Own;
}
