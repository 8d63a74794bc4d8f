using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>A server with three models, of which the second is of the same maker as the first.</summary>
public sealed class FamiliesFixture : EvaluationFixture
{
    protected override void Set()
    {
        Settings["MODEL_NAME"] = "gpt-4.1-scripted";
        Settings["GPT4ALL_URL"] = Model.BaseAddress.ToString();
        Settings["GPT4ALL_MODELS"] = "gpt-oss-20b";
        Settings["OLLAMA_URL"] = Model.BaseAddress.ToString();
        Settings["OLLAMA_MODELS"] = "llama3.2";
    }
}

/// <summary>Who judges where nobody says, and what a run says of it.</summary>
public sealed class JudgeFamilyTests(FamiliesFixture chancery) : IClassFixture<FamiliesFixture>
{
    [Fact]
    public async Task A_judge_that_nobody_named_is_of_another_family()
    {
        var judging = await JudgedAsync("of the other family", new { criteria = new[] { "relevance" } });

        Assert.Equal("ollama/llama3.2", judging.Text("model"));
        Assert.False(judging.GetProperty("same_family").GetBoolean());
    }

    [Fact]
    public async Task A_judge_of_the_same_family_judges_where_it_is_named_and_the_run_says_so()
    {
        var judging = await JudgedAsync(
            "of the same family",
            new
            {
                criteria = new[] { "relevance" },
                model = "gpt4all/gpt-oss-20b",
                // What a request says of it is nobody's word.
                same_family = false,
            }
        );

        Assert.Equal("gpt4all/gpt-oss-20b", judging.Text("model"));
        Assert.True(judging.GetProperty("same_family").GetBoolean());
    }

    private async Task<JsonElement> JudgedAsync(string words, object judging)
    {
        var olga = await chancery.SignUpAsync();
        var prompt = await olga.PromptAsync("Be right.", $"Families {Guid.CreateVersion7():n}");
        chancery.Scripts[words] = _ => new ScriptedReply("Sixty days");
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, "Sixty days", 5);
        var run = await olga.RunAsync(
            new
            {
                dataset = await olga.DatasetAsync(new { question = $"The notice period, {words}?" }),
                target = new
                {
                    kind = "prompt",
                    prompt,
                    prompt_version = 1,
                },
                judging,
            }
        );
        Assert.Equal(1, run.Mean("judge_relevance"));
        return run.GetProperty("judging");
    }
}
