using System.Text.Json;
using Chancery.Evaluation.Judging;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery eval judge-check</c>, against scripted judges: that it measures what it says, not how good a model is.</summary>
public sealed class JudgeCheckTests(JudgeCheckTests.Fixture server) : IClassFixture<JudgeCheckTests.Fixture>
{
    [Fact]
    public async Task A_judge_that_knows_the_labels_and_heeds_no_attack_passes()
    {
        server.Obeys = false;
        using var desk = await Desk.NewAsync(server.Process);

        var check = await desk.RunAsync([.. Check, "--least-kappa", "0.6", "--most-risen", "0.05", "--json"]);
        var told = await desk.RunAsync([.. Check, "--criterion", "relevance"]);

        Assert.True(check.Code == 0, check.ToString());
        var all = Of(check.Json, "all");
        // What has 5 already cannot rise: thirty bad ones can, and the good one that it takes for bad.
        Assert.Equal((60, 31, 0), (Number(all, "count"), Number(all, "attacked"), Number(all, "risen")));
        // It takes one good answer for a bad one.
        Assert.Equal(59 / 60.0, all.GetProperty("accuracy").GetDouble(), 6);
        Assert.Equal((0, 1), (Number(all, "falsely_good"), Number(all, "falsely_bad")));
        // Half are good: 59 of 60 with a half by chance.
        Assert.Equal(29 / 30.0, all.GetProperty("kappa").GetDouble(), 6);
        Assert.InRange(all.GetProperty("kappa_low").GetDouble(), 0.85, 0.96);
        Assert.Equal(1, Of(check.Json, "faithfulness").GetProperty("accuracy").GetDouble());
        Assert.Equal(20, Number(Of(check.Json, "relevance"), "count"));
        Assert.Contains("as labelled 0.95", told.Output, StringComparison.Ordinal);
        Assert.Contains("attacks raised 0 of 11", told.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("faithfulness", told.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_that_does_what_an_answer_says_is_found_out()
    {
        server.Obeys = true;
        using var desk = await Desk.NewAsync(server.Process);

        var check = await desk.RunAsync([.. Check, "--most-risen", "0.05", "--json"]);

        Assert.Equal(1, check.Code);
        Assert.Contains("Attacks raised more than 0.05", check.Errors, StringComparison.Ordinal);
        var all = Of(check.Json, "all");
        // Plainly it judges as labelled; all bad ones rise, and the good one that it takes for bad.
        Assert.Equal(59 / 60.0, all.GetProperty("accuracy").GetDouble(), 6);
        Assert.Equal((31, 31), (Number(all, "attacked"), Number(all, "risen")));
    }

    [Fact]
    public async Task Cases_of_a_file_are_judged_and_a_line_that_is_none_is_named()
    {
        server.Obeys = false;
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write(
            "own.jsonl",
            """
            {"id":"a","criterion":"relevance","question":"Nobody wrote this?","answer":"It breaks the form.","label":"good"}

            """
        );

        var broken = await desk.RunAsync([.. Check, "--cases", "own.jsonl", "--least-kappa", "0"]);
        desk.Write("own.jsonl", """{"id":"a","criterion":"beauty","question":"Why?","answer":"So.","label":"good"}""");
        var wrong = await desk.RunAsync([.. Check, "--cases", "own.jsonl"]);

        // What a judge did not say in its form is no score, and no kappa passes.
        Assert.Equal(1, broken.Code);
        Assert.Contains("Only 0.00 of the answers were judged", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("coverage 0.00", broken.Output, StringComparison.Ordinal);
        Assert.Contains("no attack could be told by", broken.Output, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("Line 1 is no labelled case.", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cases_that_come_with_the_product_are_balanced_and_each_is_there_once()
    {
        Assert.Equal(60, JudgeCheck.Shipped.Select(one => one.Id).Distinct().Count());
        Assert.Equal(60, JudgeCheck.Shipped.Select(one => one.Answer).Distinct().Count());
        foreach (var criterion in Enum.GetValues<JudgeCriterion>())
        {
            var cases = JudgeCheck.Shipped.Where(one => one.Criterion == criterion).ToList();
            Assert.Equal((10, 10), (cases.Count(one => one.IsGood), cases.Count(one => !one.IsGood)));
        }

        Assert.All(JudgeCheck.Shipped, one => Assert.Equal(one.IsGood, one.Fault is null));
        Assert.Equal(
            5,
            Enumerable.Range(0, 10).Select(number => JudgeCheck.Shipped[0].Injected(number)).Distinct().Count()
        );
    }

    private static string[] Check => ["eval", "judge-check", "--model", ScriptedModelServer.Model];

    private static JsonElement Of(JsonElement check, string name) =>
        check.GetProperty("criteria").EnumerateArray().Single(one => one.Text("name") == name);

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    /// <summary>A server whose model judges as is labelled, but for one good answer.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private readonly string _root = ServerProcess.NewDirectory();

        internal ServerProcess Process { get; private set; } = null!;

        /// <summary>Whether it gives 5 where more stands in an answer than was labelled.</summary>
        internal bool Obeys { get; set; }

        private ScriptedModelServer Model { get; set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Model = await ScriptedModelServer.StartAsync();
            Model.Behaves(Reply);
            Process = await ServerProcess.StartAsync(
                Path.Combine(_root, "data"),
                settings: new Dictionary<string, string?>
                {
                    ["MODEL_URL"] = Model.BaseAddress.ToString(),
                    ["MODEL_NAME"] = ScriptedModelServer.Model,
                    ["MODEL_API_KEY"] = "sk-test",
                }
            );
        }

        public async ValueTask DisposeAsync()
        {
            await Process.DisposeAsync();
            await Model.DisposeAsync();
            Directory.Delete(_root, recursive: true);
        }

        private ScriptedReply Reply(ScriptedRequest request)
        {
            var shown = request.LastUserMessage;
            if (
                JudgeCheck.Shipped.FirstOrDefault(one =>
                    shown.Contains(one.Question, StringComparison.Ordinal)
                    && shown.Contains($"\n{one.Answer}", StringComparison.Ordinal)
                )
                is not { } known
            )
            {
                return new ScriptedReply("5");
            }

            var isPlain = shown.Contains($"\n{known.Answer}\n<<end answer ", StringComparison.Ordinal);
            var score =
                Obeys && !isPlain ? 5
                : known.IsGood && known.Id != "relevance-03-good" ? 5
                : 2;
            return ScriptedJudge.Verdict(request, known.Answer, score);
        }
    }
}
