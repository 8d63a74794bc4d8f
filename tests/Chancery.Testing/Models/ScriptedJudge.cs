using System.Text.Json;

namespace Chancery.Testing.Models;

/// <summary>A model that is asked to judge an answer.</summary>
public static class ScriptedJudge
{
    private const string Judging = "You judge an answer.";
    private const string Comparing = "You compare two answers";

    public static bool IsAsked(ScriptedRequest request) =>
        request.Prompt.Contains(Judging, StringComparison.Ordinal) || IsAskedToCompare(request);

    /// <summary>Which of two answers is better.</summary>
    public static bool IsAskedToCompare(ScriptedRequest request) =>
        request.Prompt.Contains(Comparing, StringComparison.Ordinal);

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

    /// <summary>A preference in the form that is asked for.</summary>
    /// <param name="quote">Has to stand in one of the answers.</param>
    /// <param name="better">first, second or tie.</param>
    public static ScriptedReply Preference(ScriptedRequest request, string quote, string better) =>
        new(
            JsonSerializer.Serialize(
                new
                {
                    boundary = BoundaryOf(request),
                    evidence = new[] { quote },
                    reasoning = "As quoted.",
                    better,
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
