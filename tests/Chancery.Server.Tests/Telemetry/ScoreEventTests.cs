using System.Diagnostics;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>What the event of a score says where content may be told, and where not.</summary>
public sealed class ScoreEventTests
{
    private static readonly ScoredQuestion Scored = new(
        new AskedQuestion("sixty days", AnswerOutcome.Answered, "m", [], [], [], null),
        new SortedDictionary<string, Score>(StringComparer.Ordinal)
        {
            ["citation_recall"] = Score.None,
            ["judge_faithfulness"] = new Score.Failed("The judge quoted what does not stand in the material."),
            ["judge_relevance"] = Score.Of(0.75),
            ["token_f1"] = Score.Of(0.5),
        },
        [],
        NanoDollars.Zero,
        0,
        0
    )
    {
        Reasons = new Dictionary<string, string>
        {
            ["judge_relevance"] = $"As ann@example.com said with postgres://u:hunter2@db/x. {new string('x', 10_000)}",
        },
        ResponseId = "cmpl-7",
    };

    [Fact]
    public void Reasons_are_told_without_secrets_and_in_short_where_content_is_captured()
    {
        var told = Told(withReasons: true);

        Assert.Equal(["judge_faithfulness", "judge_relevance", "token_f1"], told.Keys);
        var relevance = told["judge_relevance"];
        Assert.Equal(0.75, relevance["gen_ai.evaluation.score.value"]);
        Assert.Equal("cmpl-7", relevance["gen_ai.response.id"]);
        var why = (string)relevance["gen_ai.evaluation.explanation"]!;
        Assert.StartsWith("As ", why, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", why, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", why, StringComparison.Ordinal);
        Assert.InRange(why.Length, 1000, 4096);
        var failed = told["judge_faithfulness"];
        Assert.Equal("not_scored", failed["error.type"]);
        Assert.False(failed.ContainsKey("gen_ai.evaluation.score.value"));
        Assert.Contains("does not stand", (string)failed["gen_ai.evaluation.explanation"]!, StringComparison.Ordinal);
        // What is computed needs no reason.
        Assert.False(told["token_f1"].ContainsKey("gen_ai.evaluation.explanation"));
    }

    [Fact]
    public void Without_content_no_reason_is_told()
    {
        var told = Told(withReasons: false);

        Assert.Equal(3, told.Count);
        Assert.All(told.Values, one => Assert.False(one.ContainsKey("gen_ai.evaluation.explanation")));
    }

    private static Dictionary<string, Dictionary<string, object?>> Told(bool withReasons)
    {
        using var span = new Activity("evaluate question").Start();
        ScoreEvents.Tell(span, Scored, withReasons);
        Assert.All(span.Events, one => Assert.Equal("gen_ai.evaluation.result", one.Name));
        return span
            .Events.Select(one => one.Tags.ToDictionary())
            .ToDictionary(tags => (string)tags["gen_ai.evaluation.name"]!);
    }
}
