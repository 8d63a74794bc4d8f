using System.Diagnostics;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Telemetry;

namespace Chancery.Server.Evaluation.Running;

/// <summary>
/// Scores as OpenTelemetry's conventions tell them: an event for each, on the span in which the question was answered, with the id of the
/// provider's answer where one was given. What is not applicable is not told.
/// </summary>
internal static class ScoreEvents
{
    /// <summary>The error of a score that should have been given and could not be.</summary>
    private const string NotScored = "not_scored";

    private const int LongestReason = 4096;

    /// <param name="withReasons">Whether what was said may be told: reasons quote questions, answers and passages.</param>
    public static void Tell(Activity span, ScoredQuestion scored, bool withReasons)
    {
        foreach (var (name, score) in scored.Scores)
        {
            if (score is Score.NotApplicable)
            {
                continue;
            }

            var tags = new ActivityTagsCollection { [GenAI.EvaluationName] = name };
            if (score.Value is { } value)
            {
                tags[GenAI.EvaluationScore] = value;
            }
            else
            {
                tags[GenAI.ErrorType] = NotScored;
            }

            if (scored.ResponseId is { } response)
            {
                tags[GenAI.ResponseId] = response;
            }

            var reason = score is Score.Failed failed ? failed.Reason : scored.Reasons.GetValueOrDefault(name, "");
            if (withReasons && reason.Length > 0)
            {
                tags[GenAI.EvaluationExplanation] = Short(SecretMask.Of(reason));
            }

            span.AddEvent(new ActivityEvent(GenAI.EvaluationEvent, tags: tags));
        }
    }

    // Not between the halves of a character.
    private static string Short(string text) =>
        text.Length <= LongestReason ? text
        : char.IsHighSurrogate(text[LongestReason - 1]) ? text[..(LongestReason - 1)]
        : text[..LongestReason];
}
