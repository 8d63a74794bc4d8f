using System.Diagnostics;
using System.Net;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>Which version of which prompt a span is of, which arm of a rollout somebody was dealt, and what an answer was worth.</summary>
[Collection("Spans")]
public sealed class PromptSpanTests(PromptSpanTests.Fixture chancery) : IClassFixture<PromptSpanTests.Fixture>
{
    private const string Said = "The quarry opens at seven";
    private const string Spoken = "Answer like a quarryman";

    [Fact]
    public async Task An_answer_and_the_notes_of_what_was_said_before_it_name_their_prompts()
    {
        var olga = await SignUpAsync();
        await olga.ReadyTextAsync($"{Said}.");
        await PublishAsync(olga, "answer");
        var longAnswer = string.Join(' ', Enumerable.Repeat(Said, 120));
        chancery.Scripts["Write the notes anew."] = _ => new ScriptedReply("They talked about the quarry.");
        chancery.Scripts["When does the quarry open, for the"] = _ => new ScriptedReply($"{longAnswer} [1].");

        for (var i = 0; i < 6; i++)
        {
            await olga.PostAsync(
                "/api/v1/chat",
                new { question = $"When does the quarry open, for the {i}th time?", session_id = "quarry" }
            );
        }

        await ToldAsync(olga, "answer", 2);
        await ToldAsync(olga, "conversation-summary", 1);
    }

    [Fact]
    public async Task A_draft_names_its_prompt()
    {
        const string wish = "A services agreement, told to a collector";
        var olga = await SignUpAsync();
        chancery.Scripts[wish] = request => ContractModelFixture.Drafts(request, "Scope");

        await olga.PostAsync("/api/v1/contracts", new { instruction = wish }, HttpStatusCode.Created);

        await ToldAsync(olga, "contract-draft", 1);
    }

    [Fact]
    public async Task An_upgrade_and_the_summary_of_its_history_name_their_prompts()
    {
        const string wish = "Tell a collector of the crane";
        var olga = await SignUpAsync();
        chancery.Scripts["Write the summary."] = _ => new ScriptedReply("They talked about the crane.");
        chancery.Scripts[wish] = _ => new ScriptedReply("""{"prompt":"Describe the crane.","changes":[]}""");

        await olga.PostAsync(
            "/api/v1/upgrade",
            new
            {
                user_prompt = wish,
                conversation_history = Enumerable
                    .Range(0, 60)
                    .Select(i => new
                    {
                        role = "user",
                        content = $"Message {i}: {new string('x', 40)} and more of it.",
                    }),
            }
        );

        await ToldAsync(olga, "prompt-upgrade", 1);
        await ToldAsync(olga, "upgrade-history", 1);
    }

    [Fact]
    public async Task A_version_that_is_evaluated_and_its_judge_are_named_and_the_scores_are_told_of_the_question()
    {
        var olga = await SignUpAsync();
        var prompt = await olga.PromptAsync("Say when it opens.", $"Quarry {Guid.CreateVersion7():n}");
        var name = (await olga.GetAsync($"/api/v1/prompts/{prompt}")).GetProperty("prompt").Text("name");
        chancery.Scripts["quarry of the evaluated"] = _ => new ScriptedReply($"{Said}.");
        chancery.Verdicts["quarry of the evaluated"] = request => ScriptedJudge.Verdict(request, Said, 4);
        var dataset = await olga.DatasetAsync(
            new { question = "When opens the quarry of the evaluated?", expected_answers = new[] { "at seven" } }
        );

        await olga.RunAsync(
            new
            {
                dataset,
                target = new
                {
                    kind = "prompt",
                    prompt,
                    prompt_version = 1,
                },
                judging = new { criteria = new[] { "relevance" } },
            }
        );

        var answered = await ToldAsync(olga, name, 1);
        var judged = await ToldAsync(olga, "judge-relevance", 1);
        Assert.Equal(["chat scripted", "chat scripted"], [answered.Name, judged.Name]);
        var question = await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.FirstOrDefault(span =>
                span.Name == "evaluate question" && span.SpanId == answered.ParentId
            )
        );
        Assert.Equal(question.SpanId, judged.ParentId);
        var scores = question.EventsOf("gen_ai.evaluation.result").ToDictionary(one => one["gen_ai.evaluation.name"]);
        Assert.Equal("1", scores["contains_answer"]["gen_ai.evaluation.score.value"]);
        Assert.Equal("0.75", scores["judge_relevance"]["gen_ai.evaluation.score.value"]);
        Assert.All(
            scores.Values,
            score => Assert.Equal(answered.Tags["gen_ai.response.id"], score["gen_ai.response.id"])
        );
        // Neither what does not apply nor what was said.
        Assert.DoesNotContain("citation_recall", scores.Keys);
        Assert.DoesNotContain("As quoted.", chancery.Collector.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_score_that_could_not_be_given_is_told_as_an_error_without_what_was_said()
    {
        var olga = await SignUpAsync();
        await olga.ReadyTextAsync($"{Said}.");
        chancery.Scripts["quarry of the unjudged"] = _ => new ScriptedReply($"{Said} [1].");
        chancery.Verdicts["quarry of the unjudged"] = request => ScriptedJudge.Verdict(request, "an invented quote", 4);
        var dataset = await olga.DatasetAsync(new { question = "When opens the quarry of the unjudged?" });

        await olga.RunAsync(new { dataset, judging = new { criteria = new[] { "relevance" } } });

        var judged = await ToldAsync(olga, "judge-relevance", 1);
        var question = await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.FirstOrDefault(span => span.SpanId == judged.ParentId)
        );
        var score = question
            .EventsOf("gen_ai.evaluation.result")
            .Single(one => one["gen_ai.evaluation.name"] == "judge_relevance");
        Assert.Equal("not_scored", score["error.type"]);
        Assert.DoesNotContain("gen_ai.evaluation.score.value", score.Keys);
        Assert.DoesNotContain("an invented quote", chancery.Collector.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_dealt_a_version_by_a_rollout_is_told_once_for_each_use_and_strangers_words_are_not()
    {
        var olga = await SignUpAsync();
        var id = await olga.PromptAsync("One.");
        var name = (await olga.GetAsync($"/api/v1/prompts/{id}")).GetProperty("prompt").Text("name");
        await olga.PostAsync(
            $"/api/v1/prompts/{id}/versions",
            new { content = PromptApi.Saying("Two.") },
            HttpStatusCode.Created
        );
        await RenderAsync(Guid.CreateVersion7().ToString());
        var rollout = await olga.PostAsync(
            $"/api/v1/prompts/{id}/rollout",
            new { version = 2, stages = Stages },
            HttpStatusCode.Created
        );
        var units = Enumerable.Range(0, 12).Select(_ => Guid.CreateVersion7().ToString()).Append("ann@example.com");
        var dealt = new Dictionary<string, int>();
        foreach (var unit in units)
        {
            dealt[unit] = await RenderAsync(unit);
        }

        await RenderAsync(Guid.CreateVersion7().ToString(), version: 2);

        var told = await ScriptedCollector.EventuallyAsync(() =>
            chancery
                .Collector.Spans.SelectMany(span => span.EventsOf("feature_flag.evaluation"))
                .Where(one => one["feature_flag.key"] == name)
                .ToArray()
                is { Length: 13 } all
                ? all
                : null
        );
        foreach (var (unit, version) in dealt.Where(one => Guid.TryParse(one.Key, out _)))
        {
            var one = told.Single(one => one.GetValueOrDefault("feature_flag.context.id") == unit);
            Assert.Equal($"{version}", one["feature_flag.result.value"]);
            Assert.Equal(version == 2 ? "treatment" : "control", one["feature_flag.result.variant"]);
            Assert.Equal("split", one["feature_flag.result.reason"]);
            Assert.Equal(olga.TenantId.ToString(), one["feature_flag.set.id"]);
            Assert.Equal(rollout.Id().ToString(), one["feature_flag.version"]);
        }

        Assert.Equal([1, 2], dealt.Values.Distinct().Order());
        Assert.Single(told, one => !one.ContainsKey("feature_flag.context.id"));
        Assert.DoesNotContain("ann@example.com", chancery.Collector.Text, StringComparison.Ordinal);

        async Task<int> RenderAsync(string unit, int? version = null) => (
                await olga.PostAsync(
                    $"/api/v1/prompts/{id}/render",
                    new
                    {
                        variables = new { topic = "x" },
                        unit,
                        version,
                    }
                )
            ).GetProperty("version").GetInt32();
    }

    private static readonly object[] Stages =
    [
        new
        {
            percent = 50,
            min_uses = 1000,
            min_hours = 10,
            max_hours = 24,
        },
        new
        {
            percent = 100,
            min_uses = 0,
            min_hours = 0,
            max_hours = 24,
        },
    ];

    /// <summary>Somebody whose requests are traced: the tests' own client would have decided against it, as a caller may.</summary>
    private async Task<TestUser> SignUpAsync()
    {
        var user = await chancery.SignUpAsync();
        user.Http.DefaultRequestHeaders.Add(
            "traceparent",
            $"00-{ActivityTraceId.CreateRandom().ToHexString()}-00f067aa0ba902b7-01"
        );
        return user;
    }

    /// <summary>A span of a call to a model for the organisation that names the prompt, once it has come.</summary>
    private Task<OtlpSpan> ToldAsync(TestUser user, string prompt, int version) =>
        ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.FirstOrDefault(span =>
                span.Tags.GetValueOrDefault("gen_ai.operation.name") == "chat"
                && span.Tags.GetValueOrDefault("chancery.tenant.id") == user.TenantId.ToString()
                && span.Tags.GetValueOrDefault("gen_ai.prompt.name") == prompt
                && span.Tags.GetValueOrDefault("gen_ai.prompt.version") == $"{version}"
            )
        );

    /// <summary>Version 2 of a prompt of the product's, in production.</summary>
    private static async Task PublishAsync(TestUser user, string name)
    {
        var id = (await user.GetAsync("/api/v1/prompts")).Items().Single(prompt => prompt.Text("name") == name).Id();
        await user.PostAsync(
            $"/api/v1/prompts/{id}/versions",
            new { content = new { system = $"{Spoken}, from what stands between {{{{boundary}}}}.", text = "" } },
            HttpStatusCode.Created
        );
        await user.PutAsync($"/api/v1/prompts/{id}/labels/production", new { version = 2 });
    }

    public sealed class Fixture : EvaluationFixture
    {
        internal ScriptedCollector Collector { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            Collector = await ScriptedCollector.StartAsync();
            Settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = Collector.Address.ToString();
            Settings["OTEL_BSP_SCHEDULE_DELAY"] = "20";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Collector.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
