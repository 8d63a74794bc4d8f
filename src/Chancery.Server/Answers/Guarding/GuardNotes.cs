using Chancery.Server.Inference.Telemetry;

namespace Chancery.Server.Answers.Guarding;

/// <summary>Counts and logs what a guard did, by kind; never what it found. Safe for concurrent use.</summary>
internal sealed class GuardNotes(InferenceMeter meter, ILogger<GuardNotes> logger)
{
    /// <summary>Of a text that went on: what was taken out of it, and what was only counted.</summary>
    public void Passed(OutputGuard guard, string model)
    {
        if (guard.CountPersonalData() is > 0 and var found)
        {
            meter.GuardCounted(GuardHit.PersonalData, found);
        }

        var removed = guard.Removed;
        foreach (var kind in removed)
        {
            meter.GuardRemoved(kind);
        }

        if (removed.Count > 0)
        {
            Log.AnswerCleaned(logger, model, string.Join(", ", removed));
        }
    }

    /// <summary>Of a text that ended.</summary>
    /// <param name="hit">One of <see cref="GuardHit"/>.</param>
    public void Stopped(string hit, string model)
    {
        Log.AnswerBlocked(logger, model, hit);
        meter.GuardHit(hit);
    }
}
