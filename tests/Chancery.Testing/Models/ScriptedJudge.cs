using System.Text.Json;

namespace Chancery.Testing.Models;

/// <summary>A model that is asked to judge an answer.</summary>
public static class ScriptedJudge
{
    private const string Judging = "You judge an answer.";

    public static bool IsAsked(ScriptedRequest request) => request.Prompt.Contains(Judging, StringComparison.Ordinal);

    /// <summary>A verdict in the form that is asked for.</summary>
    /// <param name="quote">Has to stand in what the judge is shown.</param>
    /// <param name="score">1 to 5.</param>
    public static ScriptedReply Verdict(ScriptedRequest request, string quote, int score) =>
        new(
            JsonSerializer.Serialize(
                new
                {
                    boundary = BoundaryOf(request),
                    evidence = new[] { quote },
                    reasoning = "As quoted.",
                    score,
                }
            )
        );

    private static string BoundaryOf(ScriptedRequest request)
    {
        const string before = "{\"boundary\": \"";
        var at = request.Prompt.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return request.Prompt[at..request.Prompt.IndexOf('"', at)];
    }
}
