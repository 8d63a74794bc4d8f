using System.Diagnostics;
using System.Globalization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Telemetry;

namespace Chancery.Server.Prompts.Using;

/// <summary>
/// Says which arm of a rollout somebody was dealt, on the span of whatever they do: an event as OpenTelemetry's conventions for feature
/// flags want it. The flag is the prompt, its rules are the rollout.
/// </summary>
internal static class AssignmentEvent
{
    public const string Name = "feature_flag.evaluation";

    private const string Provider = "chancery";

    /// <summary>Nothing where no rollout dealt the version, and where nobody listens.</summary>
    /// <param name="unit">Who or what gets the same version each time. Told only where it is an id: an application's own words may name a person.</param>
    public static void Tell(TenantId tenant, PromptUse use, string unit)
    {
        if (use.Rollout is not { } rollout || Activity.Current is not { IsAllDataRequested: true } span)
        {
            return;
        }

        var tags = new ActivityTagsCollection
        {
            // What is no secret in a name may look like one, and a span with a secret in an event is not sent.
            ["feature_flag.key"] = SecretMask.Of(use.Name),
            ["feature_flag.provider.name"] = Provider,
            ["feature_flag.result.variant"] = use.IsTreated ? "treatment" : "control",
            ["feature_flag.result.value"] = use.Version.ToString(CultureInfo.InvariantCulture),
            ["feature_flag.result.reason"] = "split",
            ["feature_flag.set.id"] = tenant.Value.ToString(),
            ["feature_flag.version"] = rollout.ToString(),
        };
        if (Guid.TryParse(unit, out var id))
        {
            tags["feature_flag.context.id"] = id.ToString();
        }

        span.AddEvent(new ActivityEvent(Name, tags: tags));
    }
}
