using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Server.Tests.Telemetry;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Answers;

public sealed class ReasoningTests(ReasoningTests.Fixture chancery) : IClassFixture<ReasoningTests.Fixture>
{
    private const string Notice =
        "Employment may be ended by either party. The notice period is 30 days for employees in their first year.";

    private const string Reasoned = """
        **Thought:** The handbook has a rule on notice [1].
        **Action:** Read it [1].
        **Confidence:** 80%

        **Thought:** It says thirty days.
        **Final Answer:** The notice period is 30 days in the first year [1].
        """;

    private const string Answer = "The notice period is 30 days in the first year [1].";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_without_thoughts_of_its_own_is_asked_for_steps_which_are_told_as_they_come_and_stored()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply(Reasoned) { ChunkLength = 7 });

        var events = await user.StreamAsync(
            new
            {
                question,
                model = "scripted",
                reasoning = true,
            }
        );

        var types = events.Select(happened => happened.Type).Where(type => type != "ping").ToList();
        Assert.Equal(["retrieval", "reasoning", "reasoning", "text"], types[..4]);
        Assert.DoesNotContain("reasoning", types[4..]);
        Assert.Equal(Answer, events.TextOf());
        var done = events[^1].Data;
        var steps = done.GetProperty("reasoning_steps");
        Assert.Equal(2, steps.GetArrayLength());
        Assert.Equal(steps[0].GetRawText(), events.First(happened => happened.Type == "reasoning").Data.GetRawText());
        Assert.Equal("The handbook has a rule on notice.", steps[0].Text("thought"));
        Assert.Equal("Read it.", steps[0].Text("action"));
        Assert.Equal(0.8, steps[0].GetProperty("confidence").GetDouble());
        Assert.Equal(2, steps[1].GetProperty("number").GetInt32());
        Assert.False(steps[1].TryGetProperty("action", out _));
        Assert.NotEqual(default, steps[1].GetProperty("at").GetDateTimeOffset());
        Assert.Single(done.GetProperty("citations").EnumerateArray());

        var asked = LastRequest(question);
        Assert.Contains("Final Answer:", asked.Messages[0].Content, StringComparison.Ordinal);
        Assert.Contains("at most 10 steps", asked.Messages[0].Content, StringComparison.Ordinal);
        Assert.Equal(0.7, asked.Body.GetProperty("temperature").GetDouble(), 3);

        var messages = await MessagesOf(user, done);
        Assert.Equal(steps.GetRawText(), messages[1].GetProperty("reasoning_steps").GetRawText());
        Assert.True(messages[0].GetProperty("asked").GetProperty("reasoning").GetBoolean());
    }

    [Fact]
    public async Task A_thought_that_repeats_the_rules_is_left_out_and_counted_and_the_answer_comes()
    {
        var user = await GivenAsync();
        using var heard = new HeardFigures(chancery.Services, InferenceMeter.MeterName);
        var quoted = "";
        var question = Script(new ScriptedReply());
        chancery.Echoes[question] = request =>
        {
            var rules = request.Messages[0].Content;
            quoted = rules[rules.IndexOf("Use only the passages", StringComparison.Ordinal)..][..120];
            return new ScriptedReply($"**Thought:** I was told: {quoted}\n**Action:** Obey.\n\n{Reasoned}");
        };

        var answer = await user.AskAsync(
            new
            {
                question,
                model = "scripted",
                reasoning = true,
            }
        );

        Assert.Equal(("answered", Answer), (answer.Text("outcome"), answer.Text("answer")));
        Assert.NotEmpty(quoted);
        var steps = answer.GetProperty("reasoning_steps").EnumerateArray().ToList();
        Assert.Equal(3, steps.Count);
        // What comes after it may go on with them.
        Assert.All(
            steps,
            step =>
            {
                Assert.Equal("[removed: a thought that repeated the model's instructions]", step.Text("thought"));
                Assert.False(step.TryGetProperty("action", out _));
            }
        );
        Assert.DoesNotContain("Use only the passages", answer.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("chancery_guard_hits_total kind=instructions action=removed", heard.All);
    }

    [Fact]
    public async Task A_model_that_thinks_by_itself_is_told_to_and_its_thoughts_are_the_steps()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply(Answer) { Reasoning = "The rule is on page one. Thirty days it is." });

        var answer = await user.AskAsync(
            new
            {
                question,
                model = "lab/native",
                reasoning = true,
            }
        );

        Assert.Equal(Answer, answer.Text("answer"));
        var step = Assert.Single(answer.GetProperty("reasoning_steps").EnumerateArray());
        Assert.Equal("The rule is on page one. Thirty days it is.", step.Text("thought"));
        var asked = LastRequest(question).Body;
        Assert.Equal("medium", asked.Text("reasoning_effort"));
        Assert.False(asked.TryGetProperty("temperature", out _));
        Assert.DoesNotContain("Thought:", asked.GetRawText(), StringComparison.Ordinal);
        Assert.True(answer.GetProperty("usage").GetProperty("reasoning_tokens").GetInt64() > 0);
    }

    [Theory]
    [InlineData("/api/v1/chat")]
    [InlineData("/api/v1/reasoning")]
    public async Task A_model_that_is_declared_without_the_ability_is_refused(string route)
    {
        var user = await GivenAsync();
        foreach (var model in (string[])["lab/plain", "extractive"])
        {
            using var response = await user.Http.PostAsJsonAsync(
                route,
                route.EndsWith("chat", StringComparison.Ordinal)
                    ? new
                    {
                        question = "How long?",
                        model,
                        reasoning = true,
                    }
                    : (object)new { question = "How long?", model },
                ChanceryFixture.Json,
                Cancel
            );
            var problem = await response.ReadAsync(HttpStatusCode.BadRequest);

            Assert.Equal("reasoning-unsupported", problem.Text("code"));
            Assert.StartsWith(
                $"Model {model} does not support Chain of Thought",
                problem.Text("detail"),
                StringComparison.Ordinal
            );
        }

        var models = (await user.GetAsync("/api/v1/models")).GetProperty("items").EnumerateArray();
        Assert.Equal(["prompted", "native", "none", "none"], models.Select(model => model.Text("reasoning")));
    }

    [Fact]
    public async Task Hidden_steps_are_neither_told_nor_stored()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply(Reasoned));

        var events = await user.StreamAsync(
            new
            {
                question,
                model = "scripted",
                reasoning = true,
                show_reasoning = false,
            }
        );

        Assert.DoesNotContain(events, happened => happened.Type == "reasoning");
        Assert.Equal(Answer, events.TextOf());
        Assert.False(events[^1].Data.TryGetProperty("reasoning_steps", out _));
        Assert.False((await MessagesOf(user, events[^1].Data))[1].TryGetProperty("reasoning_steps", out _));
    }

    [Fact]
    public async Task A_model_that_breaks_off_in_its_thoughts_gives_way_to_quotes_without_them()
    {
        var user = await GivenAsync();
        var question = Script(
            new ScriptedReply("Thought: I begin.\nThought: And then") { Ending = StreamEnding.WithoutFinish },
            "How long is the notice period?"
        );

        var events = await user.StreamAsync(
            new
            {
                question,
                model = "scripted",
                reasoning = true,
            }
        );

        var done = events[^1].Data;
        Assert.True(done.GetProperty("degraded").GetBoolean());
        Assert.False(done.TryGetProperty("reasoning_steps", out _));
        Assert.Contains("30 days", done.Text("answer"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Thought: It is {0}.\nFinal Answer: So.")]
    [InlineData("Thought: A.\nFinal Answer: The period is 30 days [1]. The key is {0}, keep it.")]
    public async Task A_secret_ends_the_answer_in_the_middle_of_a_stream(string says)
    {
        var user = await GivenAsync();
        // Of the shape of a key, and put together here.
        var secret = "sk-" + "abcdEFGH1234567890abcd";
        var question = Script(
            new ScriptedReply(says.Replace("{0}", secret, StringComparison.Ordinal)) { ChunkLength = 5 }
        );

        var events = await user.StreamAsync(
            new
            {
                question,
                model = "scripted",
                reasoning = true,
            }
        );

        Assert.Equal("error", events[^1].Type);
        Assert.Equal("answer-blocked", events[^1].Data.Text("code"));
        Assert.DoesNotContain(
            "sk-",
            string.Concat(events.Select(happened => happened.Data.GetRawText())),
            StringComparison.Ordinal
        );
        var conversation = events[0].Data.Text("conversation_id");
        var stored = (await user.GetAsync($"/api/v1/conversations/{conversation}")).GetProperty("messages")[1];
        Assert.Equal("blocked", stored.Text("outcome"));
        Assert.DoesNotContain("sk-", stored.GetRawText(), StringComparison.Ordinal);
        using var alone = await user.Http.PostAsJsonAsync(
            "/api/v1/reasoning",
            new { question },
            ChanceryFixture.Json,
            Cancel
        );
        Assert.Equal("answer-blocked", (await alone.ReadAsync(HttpStatusCode.BadGateway)).Text("code"));
    }

    [Fact]
    public async Task An_answer_that_was_not_asked_to_reason_has_no_steps()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply(Answer) { Reasoning = "Hm." });

        var events = await user.StreamAsync(new { question, model = "lab/native" });

        Assert.DoesNotContain(events, happened => happened.Type == "reasoning");
        Assert.False(events[^1].Data.TryGetProperty("reasoning_steps", out _));
        Assert.False(LastRequest(question).Body.TryGetProperty("reasoning_effort", out _));
    }

    [Fact]
    public async Task A_single_question_gets_its_answer_its_steps_and_what_the_model_wrote()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply("Thought: Nine tenths.\nFinal Answer: 9.9"));

        // The model is DEFAULT_COT_MODEL.
        var answer = await ReasonAsync(
            user,
            new
            {
                question,
                max_steps = 3,
                temperature = 0.1,
            }
        );

        Assert.Equal("9.9", answer.Text("final_answer"));
        Assert.Equal(
            "Nine tenths.",
            Assert.Single(answer.GetProperty("reasoning_steps").EnumerateArray()).Text("thought")
        );
        Assert.Equal("Thought: Nine tenths.\nFinal Answer: 9.9", answer.Text("raw_response"));
        Assert.Equal("scripted", answer.Text("model"));
        Assert.True(answer.GetProperty("usage").GetProperty("output_tokens").GetInt64() > 0);
        var asked = LastRequest(question);
        Assert.Contains("at most 3 steps", asked.Messages[0].Content, StringComparison.Ordinal);
        Assert.Equal(0.1, asked.Body.GetProperty("temperature").GetDouble(), 3);
    }

    [Fact]
    public async Task A_list_of_messages_is_reasoned_about_with_the_form_in_its_system_message()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply("Thought: A.\nFinal Answer: B"));

        var answer = await ReasonAsync(
            user,
            new
            {
                messages = new object[]
                {
                    new { role = "system", content = "Be terse." },
                    new { role = "user", content = "Hello" },
                    new { role = "assistant", content = "Yes?" },
                    new { role = "user", content = question },
                },
                show_reasoning = false,
            }
        );

        Assert.Equal("B", answer.Text("final_answer"));
        Assert.False(answer.TryGetProperty("reasoning_steps", out _));
        Assert.False(answer.TryGetProperty("raw_response", out _));
        var asked = LastRequest(question);
        Assert.Equal(["system", "user", "assistant", "user"], asked.Messages.Select(message => message.Role));
        Assert.StartsWith("Be terse.", asked.Messages[0].Content, StringComparison.Ordinal);
        Assert.Contains("Final Answer:", asked.Messages[0].Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reasoning_streams_its_steps_and_its_answer()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply("Thought: A.\nThought: B.\nFinal Answer: It is so, and so it is."));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/reasoning")
        {
            Content = JsonContent.Create(new { question, stream = true }, options: ChanceryFixture.Json),
        };
        using var response = await user.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var events = new List<ChatEvent>();
        await foreach (var happened in response.EventsAsync())
        {
            events.Add(happened);
        }

        Assert.Equal(2, events.Count(happened => happened.Type == "reasoning"));
        Assert.Equal("It is so, and so it is.", events.TextOf());
        Assert.Equal("It is so, and so it is.", events[^1].Data.Text("final_answer"));
    }

    [Theory]
    [InlineData("{}", "invalid")]
    [InlineData("""{"question":"a","messages":[{"role":"user","content":"b"}]}""", "invalid")]
    [InlineData("""{"messages":[]}""", "invalid")]
    [InlineData("""{"messages":[{"role":"assistant","content":"b"}]}""", "invalid")]
    [InlineData("""{"messages":[{"role":"tool","content":"b"},{"role":"user","content":"b"}]}""", "invalid")]
    [InlineData("""{"messages":[null,{"role":"user","content":"b"}]}""", "invalid")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"b"}]}""",
        "invalid"
    )]
    [InlineData("""{"question":"  "}""", "invalid")]
    [InlineData("""{"question":"a","max_steps":0}""", "invalid")]
    [InlineData("""{"question":"a","model":"nobody"}""", "invalid")]
    public async Task A_request_that_cannot_be_reasoned_about_says_why(string body, string code)
    {
        var user = await GivenAsync();

        using var response = await user.Http.PostAsync(
            "/api/v1/reasoning",
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            Cancel
        );

        Assert.Equal(code, (await response.ReadAsync(HttpStatusCode.BadRequest)).Text("code"));
    }

    [Fact]
    public async Task What_is_longer_than_the_models_window_is_refused_before_anybody_is_asked()
    {
        var user = await GivenAsync();

        using var response = await user.Http.PostAsJsonAsync(
            "/api/v1/reasoning",
            new { question = string.Concat(Enumerable.Repeat("word ", 5000)) },
            ChanceryFixture.Json,
            Cancel
        );

        var problem = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.Contains(
            "4096",
            problem.GetProperty("errors").GetProperty("question")[0].GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_model_that_breaks_off_is_a_problem_and_no_answer()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply("Thought: A.") { Ending = StreamEnding.WithoutFinish });

        using var response = await user.Http.PostAsJsonAsync(
            "/api/v1/reasoning",
            new { question },
            ChanceryFixture.Json,
            Cancel
        );

        Assert.Equal("model-failed", (await response.ReadAsync(HttpStatusCode.BadGateway)).Text("code"));
    }

    [Fact]
    public async Task A_program_that_asks_documents_with_effort_gets_the_steps_as_reasoning_content()
    {
        var user = await GivenAsync();
        var question = Script(new ScriptedReply(Reasoned));

        using var response = await user.Http.PostAsJsonAsync(
            "/v1/chat/completions",
            new
            {
                model = "knowledge/all",
                reasoning_effort = "low",
                messages = new[] { new { role = "user", content = question } },
            },
            Cancel
        );

        var message = (await response.ReadAsync(HttpStatusCode.OK)).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(Answer, message.Text("content"));
        Assert.Equal(
            "The handbook has a rule on notice.\nAction: Read it.\n\nIt says thirty days.\n\n",
            message.Text("reasoning_content")
        );
    }

    [Fact]
    public async Task How_to_think_is_a_prompt_with_versions_whose_uses_are_written_down()
    {
        var user = await GivenAsync();
        var alone = Script(new ScriptedReply("Thought: Nine tenths.\nFinal Answer: 9.9"));
        var inChat = Script(new ScriptedReply(Reasoned));
        await WriteAsync(user, "Weigh both sides first.");

        await ReasonAsync(user, new { question = alone });
        await user.AskAsync(
            new
            {
                question = inChat,
                model = "scripted",
                reasoning = true,
            }
        );

        Assert.All(
            [alone, inChat],
            question =>
            {
                var system = LastRequest(question).Messages[0].Content;
                Assert.Contains("Weigh both sides first.", system, StringComparison.Ordinal);
                Assert.DoesNotContain(ReasoningPrompt.Shipped.System, system, StringComparison.Ordinal);
                Assert.Contains("Final Answer:", system, StringComparison.Ordinal);
            }
        );
        var runs = await RunsAsync(user);
        Assert.Equal(["succeeded", "succeeded"], runs.Select(run => run.Text("outcome")));
        Assert.All(runs, run => Assert.Equal(2, run.GetProperty("version").GetInt32()));
        Assert.All(runs, run => Assert.True(run.GetProperty("output_tokens").GetInt64() > 0));
    }

    [Fact]
    public async Task Thoughts_that_were_asked_for_and_did_not_come_are_the_prompts_fault()
    {
        var user = await GivenAsync();
        await WriteAsync(user, "Weigh both sides first.");
        var alone = Script(new ScriptedReply("Nine tenths are more."));
        var inChat = Script(new ScriptedReply(Answer));
        var secret = Script(new ScriptedReply("Thought: It is sk-" + "abcdEFGH1234567890abcd.\nFinal Answer: So."));
        var broken = Script(new ScriptedReply("Thought: I beg") { Ending = StreamEnding.WithoutFinish });

        await ReasonAsync(user, new { question = alone });
        await user.AskAsync(
            new
            {
                question = inChat,
                model = "scripted",
                reasoning = true,
            }
        );
        foreach (var question in (string[])[secret, broken])
        {
            using var response = await user.Http.PostAsJsonAsync(
                "/api/v1/reasoning",
                new { question },
                ChanceryFixture.Json,
                Cancel
            );
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        }

        Assert.Equal(
            ["failed", "guarded", "faulty", "faulty"],
            (await RunsAsync(user)).Select(run => run.Text("outcome"))
        );
    }

    [Fact]
    public async Task A_model_that_thinks_by_itself_uses_no_prompt_for_it()
    {
        var user = await GivenAsync();
        await WriteAsync(user, "Weigh both sides first.");
        var alone = Script(new ScriptedReply(Answer) { Reasoning = "Thirty days it is." });
        var inChat = Script(new ScriptedReply(Answer) { Reasoning = "Thirty days it is." });

        await ReasonAsync(user, new { question = alone, model = "lab/native" });
        await user.AskAsync(
            new
            {
                question = inChat,
                model = "lab/native",
                reasoning = true,
            }
        );

        Assert.All(
            [alone, inChat],
            question =>
                Assert.DoesNotContain("Weigh", LastRequest(question).Body.GetRawText(), StringComparison.Ordinal)
        );
        Assert.Empty(await RunsAsync(user));
    }

    [Fact]
    public void Settings_have_their_defaults_and_refuse_what_they_are_not()
    {
        var usual = ReadSettings([]);

        Assert.True(usual.IsEnabled);
        Assert.True(usual.ShowsSteps);
        Assert.Equal((10, 0.7f, "extractive"), (usual.MostSteps, usual.Temperature, usual.Model.Id));
        Assert.False(ReadSettings([("SHOW_REASONING_STEPS", "false")]).ShowsSteps);
        Assert.False(ReadSettings([("ENABLE_CHAIN_OF_THOUGHT", "off")]).IsEnabled);
        foreach (
            var (name, value) in (ReadOnlySpan<(string, string)>)
                [
                    ("COT_MAX_REASONING_STEPS", "0"),
                    ("COT_MAX_REASONING_STEPS", "2.5"),
                    ("COT_TEMPERATURE", "3"),
                    ("SHOW_REASONING_STEPS", "perhaps"),
                    ("DEFAULT_COT_MODEL", "nobody"),
                    ("DEFAULT_COT_MODEL", "extractive"),
                ]
        )
        {
            Assert.Throws<SettingException>(() => ReadSettings([(name, value)]));
        }
    }

    private static ReasoningSettings ReadSettings((string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(set => KeyValuePair.Create(set.Name, (string?)set.Value)))
            .Build();
        return ReasoningSettings.Read(configuration, new ModelRegistry(configuration));
    }

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        return user;
    }

    /// <summary>Puts other words of how to think into production.</summary>
    private static async Task WriteAsync(TestUser user, string system)
    {
        var prompt = $"/api/v1/prompts/{ReasoningPrompt.Shipped.Id}";
        await user.PostAsync($"{prompt}/versions", new { content = new { system, text = "" } }, HttpStatusCode.Created);
        await user.PutAsync($"{prompt}/labels/production", new { version = 2 });
    }

    private static async Task<IReadOnlyList<JsonElement>> RunsAsync(TestUser user) =>
        [.. (await user.GetAsync($"/api/v1/prompts/{ReasoningPrompt.Shipped.Id}/runs")).Items()];

    /// <summary>A question of its own that the model answers so.</summary>
    private string Script(ScriptedReply reply, string begins = "How long?")
    {
        var question = $"{begins} {Guid.CreateVersion7()}";
        chancery.Scripts[question] = reply;
        return question;
    }

    private ScriptedRequest LastRequest(string question) =>
        chancery.Model.Requests.Last(request => request.LastUserMessage == question);

    private static async Task<JsonElement> ReasonAsync(TestUser user, object body)
    {
        using var response = await user.Http.PostAsJsonAsync("/api/v1/reasoning", body, ChanceryFixture.Json, Cancel);
        return await response.ReadAsync(HttpStatusCode.OK);
    }

    private static async Task<JsonElement> MessagesOf(TestUser user, JsonElement done) =>
        (await user.GetAsync($"/api/v1/conversations/{done.Text("conversation_id")}")).GetProperty("messages");

    public sealed class Fixture : AnswersFixture
    {
        private readonly string _models = Path.GetTempFileName();

        protected override void Prepare()
        {
            File.WriteAllText(
                _models,
                $$$"""
                {"providers":[{"id":"lab","base_address":"{{{Model.BaseAddress}}}","own_machine":true,"models":[
                  {"name":"native","abilities":{"reasoning":true}},
                  {"name":"plain","abilities":{"chain_of_thought":false}}]}]}
                """
            );
            Settings["MODELS_FILE"] = _models;
            Settings["DEFAULT_COT_MODEL"] = "scripted";
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            File.Delete(_models);
        }
    }
}
