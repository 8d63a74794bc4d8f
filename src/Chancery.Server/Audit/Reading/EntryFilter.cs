using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Audit.Reading;

/// <summary>Which entries somebody looks for. All that is given must hold.</summary>
internal sealed record EntryFilter(
    string? Action = null,
    string? Actor = null,
    string? Subject = null,
    string? Outcome = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    string? Text = null
)
{
    private static readonly string[] Outcomes = [AuditOutcome.Succeeded, AuditOutcome.Refused, AuditOutcome.Failed];

    /// <summary>Which field is wrong, and why; null when none is.</summary>
    public (string Field, string Why)? WhyNot() =>
        Outcome is { Length: > 0 } outcome && !Outcomes.Contains(outcome)
            ? ("outcome", $"One of {string.Join(", ", Outcomes)}.")
        : From >= To ? ("to", "It is after from.")
        : null;
}
