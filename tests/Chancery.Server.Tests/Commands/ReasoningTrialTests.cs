using System.Text.Json;
using Chancery.Server.Commands.Remote;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery eval reasoning</c>, against a scripted model: that it measures what it says, not how good a model is.</summary>
public sealed class ReasoningTrialTests(ReasoningTrialTests.Fixture server) : IClassFixture<ReasoningTrialTests.Fixture>
{
    private const string Questions = """
        {"question":"What is six times seven?","answer":"42"}
        {"question":"What is half of ten?","answer":"5"}

        """;

    [Fact]
    public async Task A_model_that_thinks_better_than_it_talks_reaches_the_targets()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("questions.jsonl", Questions);

        var trial = await desk.RunAsync(
            "eval",
            "reasoning",
            "--model",
            ScriptedModelServer.Model,
            "--judge-model",
            ScriptedModelServer.Model,
            "--questions",
            "questions.jsonl",
            "--check",
            "--json"
        );

        Assert.True(trial.Code == 0, trial.ToString());
        var measures = trial.Json.GetProperty("measures").EnumerateArray().ToDictionary(one => one.Text("name"));
        Assert.Equal((0.5, 1), (Number(measures["accuracy"], "before"), Number(measures["accuracy"], "after")));
        Assert.Equal(1, Number(measures["accuracy"], "improvement"));
        Assert.Equal(5, Number(measures["step clarity"], "after"));
        Assert.Equal((2, 4), (Number(measures["coherence"], "before"), Number(measures["coherence"], "after")));
        Assert.Equal(2, trial.Json.GetProperty("questions")[0].GetProperty("steps").GetInt32());
        Assert.True(trial.Json.GetProperty("tokens").GetInt64() > 0);
    }

    [Fact]
    public async Task What_was_not_judged_is_no_low_score_and_does_not_pass_a_check()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("questions.jsonl", Questions);
        string[] trial = ["eval", "reasoning", "--model", ScriptedModelServer.Model, "--questions", "questions.jsonl"];

        var told = await desk.RunAsync(trial);
        var check = await desk.RunAsync([.. trial, "--check"]);
        desk.Write("questions.jsonl", "{\"question\":\"Why?\"}");
        var wrong = await desk.RunAsync(trial);
        var nobody = await desk.RunAsync("eval", "reasoning", "--model", "nobody");

        Assert.True(told.Code == 0, told.ToString());
        Assert.Contains("accuracy: 0.50 plainly, 1.00 step by step, +100 %", told.Output, StringComparison.Ordinal);
        Assert.Contains("coherence: not judged", told.Output, StringComparison.Ordinal);
        Assert.Equal(1, check.Code);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("Line 1", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal(1, nobody.Code);
    }

    [Theory]
    [InlineData("So 1,188 euros.\nAnswer: 1,188 euros", "1188", true)]
    [InlineData("**Answer:** 9.9.", "9.9", true)]
    [InlineData("Answer: 19.9", "9.9", false)]
    [InlineData("It is 42.\nAnswer: 43", "42", false)]
    [InlineData("At 02:25.", "02:25", true)]
    [InlineData("ANSWER: August 2025", "august 2025", true)]
    [InlineData("I do not know.", "no", false)]
    public void Right_is_what_holds_the_answer_as_whole_words_where_it_is_announced(
        string said,
        string right,
        bool isRight
    )
    {
        Assert.Equal(isRight, ReasoningTrial.IsRight(said, right));
    }

    [Fact]
    public void The_answers_that_come_with_the_program_are_found_in_themselves()
    {
        Assert.All(
            ReasoningTrial.Shipped,
            question => Assert.True(ReasoningTrial.IsRight($"Answer: {question.Answer}", question.Answer))
        );
        Assert.Equal(20, ReasoningTrial.Shipped.Select(question => question.Question).Distinct().Count());
    }

    private static double Number(JsonElement measure, string name) => measure.GetProperty(name).GetDouble();

    /// <summary>A server whose model knows half of the answers when it does not think.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private readonly string _root = ServerProcess.NewDirectory();

        internal ServerProcess Process { get; private set; } = null!;

        private ScriptedModelServer Model { get; set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Model = await ScriptedModelServer.StartAsync();
            Model.Behaves(request => new ScriptedReply(Reply(request)));
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

        private static string Reply(ScriptedRequest request)
        {
            if (request.Prompt.Contains("\"clarity\"", StringComparison.Ordinal))
            {
                return request.Prompt.Contains("I count", StringComparison.Ordinal)
                    ? """{"clarity": 5, "coherence": 4}"""
                    : """{"clarity": 1, "coherence": 2}""";
            }

            var answer = request.Prompt.Contains("six times seven", StringComparison.Ordinal) ? 42 : 5;
            return request.Prompt.Contains("Thought", StringComparison.Ordinal)
                    ? $"Thought: I count.\nConfidence: 0.9\nThought: I count again.\nConfidence: 0.9\nFinal Answer: Answer: {answer}"
                : answer == 42 ? "Answer: 42"
                : "Answer: 6";
        }
    }
}
