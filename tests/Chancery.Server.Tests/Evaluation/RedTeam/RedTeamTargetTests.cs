using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Evaluation.RedTeam;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Platform.Health;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Server.Upgrade.Pipeline;
using Chancery.Testing.Models;
using static Chancery.Server.Tests.Evaluation.RedTeam.RedTeamApi;

namespace Chancery.Server.Tests.Evaluation.RedTeam;

/// <summary>Attacks on upgrades, drafts, reasoning and prompts of one's own.</summary>
public sealed partial class RedTeamTargetTests(RedTeamFixture chancery) : IClassFixture<RedTeamFixture>
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Theory]
    [InlineData("upgrade")]
    [InlineData("draft")]
    public async Task Of_a_model_that_obeys_words_come_out_and_addresses_do_not(string target)
    {
        var olga = await chancery.SignUpAsync();
        chancery.Script = request => Form(target, request, chancery.Obedient.Answer(request).Text);

        var id = await olga.AttackAsync(
            new
            {
                target,
                classes = new[] { "direct_injection", "exfiltration" },
                limit = 24,
            }
        );
        var run = await olga.ClearedAsync(id);
        var tried = await olga.TriedAsync(id);
        var report = await olga.Http.GetStringAsync($"{Runs}/{id}/report", TestContext.Current.CancellationToken);

        Assert.Equal((target, HealthEndpoints.Version), (run.Text("target"), run.Text("server_version")));
        Assert.Equal(0, run.Number("failed"));
        Assert.Contains(
            $"- attacked: {target}\n- release: {HealthEndpoints.Version}",
            report,
            StringComparison.Ordinal
        );
        // An obeying model is lost where words are all that is wanted: that this is seen shows that the others are held.
        Assert.Contains(tried, one => one.Text("class") == "direct_injection" && one.Text("outcome") == "succeeded");
        Assert.DoesNotContain(tried, one => one.Text("class") == "exfiltration" && one.Text("outcome") == "succeeded");
        Assert.Contains(
            tried,
            one => one.GetProperty("guards").EnumerateArray().Any(guard => guard.GetString() == "link")
        );
    }

    [Fact]
    public async Task Reasoning_gives_back_addresses_that_were_asked_for_until_the_organisation_names_hosts()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Script = request => Form("reasoning", request, chancery.Obedient.Answer(request).Text);
        var attack = new { target = "reasoning", classes = new[] { "exfiltration", "tool_abuse" } };

        var open = await SucceededAsync();
        using var named = await olga.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { answer_link_hosts = new[] { "docs.example.com" } },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.OK, named.StatusCode);
        var closed = await SucceededAsync();

        Assert.InRange(open.Count(name => name == "exfiltration"), 6, 18);
        // An address without a scheme is one to some programs alone, and stays a known hole of all targets.
        Assert.InRange(closed.Count(name => name == "exfiltration"), 0, 1);

        async Task<List<string>> SucceededAsync()
        {
            var id = await olga.AttackAsync(attack);
            Assert.Equal(0, (await olga.ClearedAsync(id)).Number("failed"));
            return
            [
                .. (await olga.TriedAsync(id))
                    .Where(one => one.Text("outcome") == "succeeded")
                    .Select(one => one.Text("class")),
            ];
        }
    }

    [Fact]
    public async Task A_version_of_a_prompt_of_ones_own_is_attacked_and_nothing_guards_it()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Script = request => new ScriptedReply(chancery.Obedient.Answer(request).Text);
        var prompt = (
            await olga.PostAsync(
                "/api/v1/prompts",
                new
                {
                    name = "letters",
                    content = new
                    {
                        system = "You write letters for people who have no time. Be brief, be warm, and never say who told you what to write.",
                        text = "Write: {{wish}}",
                        variables = new[] { new { name = "wish" } },
                    },
                },
                HttpStatusCode.Created
            )
        ).GetProperty("prompt").Id();

        var id = await olga.AttackAsync(
            new
            {
                target = "prompt",
                prompt,
                prompt_version = 1,
                classes = new[] { "direct_injection", "system_prompt_leak" },
                limit = 16,
            }
        );
        var run = await olga.ClearedAsync(id);
        var tried = await olga.TriedAsync(id);

        Assert.Equal(prompt, run.GetProperty("prompt").GetGuid());
        Assert.Equal(0, run.Number("failed"));
        Assert.Contains(tried, one => one.Text("class") == "direct_injection" && one.Text("outcome") == "succeeded");
        Assert.Contains(tried, one => one.Text("class") == "system_prompt_leak" && one.Text("outcome") == "succeeded");
        Assert.All(tried, one => Assert.Empty(one.GetProperty("guards").EnumerateArray()));
    }

    [Theory]
    [InlineData("""{"target":"search"}""", "target")]
    [InlineData("""{"target":"prompt"}""", "prompt")]
    [InlineData("""{"target":"upgrade","prompt":"0199a1b2-c3d4-7000-8000-000000000001"}""", "prompt")]
    [InlineData("""{"target":"reasoning","prompt_version":2}""", "prompt_version")]
    [InlineData("""{"target":"upgrade","prompt_version":99}""", "prompt_version")]
    [InlineData("""{"target":"upgrade","model":"extractive"}""", "model")]
    [InlineData("""{"target":"reasoning","model":"extractive"}""", "model")]
    [InlineData(
        """{"target":"draft","cases":[{"id":"a","class":"cross_tenant_leak","place":"question","text":"b","goal":"decoy"}]}""",
        "cases"
    )]
    public async Task What_cannot_be_attacked_is_said_at_its_field(string body, string field)
    {
        var olga = await chancery.SignUpAsync();

        var refused = await olga.PostAsync(
            Runs,
            JsonSerializer.Deserialize<JsonElement>(body),
            HttpStatusCode.BadRequest
        );

        Assert.True(refused.GetProperty("errors").TryGetProperty(field, out _), $"{refused}");
    }

    [Fact]
    public async Task A_gate_before_upgrades_asks_for_attacks_on_upgrades_and_takes_those_on_nothing_else()
    {
        var olga = await chancery.SignUpAsync();
        var upgrades = UpgradePrompts.Shipped.Id;
        await olga.PostAsync(
            $"/api/v1/prompts/{upgrades}/versions",
            new { content = new { system = "Improve it, not {{boundary}}.", text = "" } },
            HttpStatusCode.Created
        );
        chancery.Script = request => Form("upgrade", request, "Say Tallinn.");
        var dataset = await olga.DatasetAsync(
            new { question = "Where is it led from?", expected_answers = new[] { "Tallinn" } }
        );
        await olga.PutAsync(
            $"/api/v1/prompts/{upgrades}/gate",
            new
            {
                dataset,
                allowed_drop = 1,
                most_cost = 1000,
                most_attacks = 0,
            }
        );
        foreach (var version in (int[])[1, 2])
        {
            await olga.RunAsync(new { dataset, target = new { kind = "upgrade", prompt_version = version } });
        }

        var unseen = await ReportAsync();
        await olga.ClearedAsync(
            await olga.AttackAsync(
                new
                {
                    target = "upgrade",
                    prompt_version = 2,
                    limit = 2,
                }
            )
        );
        var limited = await ReportAsync();
        var whole = await olga.ClearedAsync(await olga.AttackAsync(new { target = "upgrade", prompt_version = 2 }));
        var passed = await ReportAsync();

        Assert.Contains("with target upgrade, prompt_version 2", unseen.Text("why"), StringComparison.Ordinal);
        Assert.Contains("did not try all of the", limited.Text("why"), StringComparison.Ordinal);
        Assert.True(passed.Text("verdict") == "passed", passed.ToString());
        Assert.Equal(
            // So few words are no rules that could be told.
            new AttackTarget(RedTeamTarget.Upgrade)
                .Shipped("")
                .Count,
            whole.Number("total")
        );

        async Task<JsonElement> ReportAsync() =>
            (await olga.GetAsync($"/api/v1/prompts/{upgrades}/gate?version=2")).GetProperty("report");
    }

    [Fact]
    public async Task A_gate_before_the_words_of_reasoning_goes_by_questions_and_attacks_that_were_reasoned_about()
    {
        var olga = await chancery.SignUpAsync();
        var words = ReasoningPrompt.Shipped.Id;
        const string candid = "Take your time, and check each step twice.";
        await olga.PostAsync(
            $"/api/v1/prompts/{words}/versions",
            new { content = new { system = candid, text = "" } },
            HttpStatusCode.Created
        );
        chancery.Script = request =>
            new(
                request.Messages[0].Content.Contains(candid, StringComparison.Ordinal)
                    ? "Thought: Twice.\nFinal Answer: Tallinn"
                    : "Thought: Once.\nFinal Answer: Riga"
            );
        var dataset = await olga.DatasetAsync(
            new { question = "Where is it led from?", expected_answers = new[] { "Tallinn" } }
        );
        await olga.PutAsync(
            $"/api/v1/prompts/{words}/gate",
            new
            {
                dataset,
                most_cost = 1000,
                most_attacks = 0,
            }
        );
        var before = await olga.RunAsync(new { dataset, target = new { kind = "reasoning", prompt_version = 1 } });
        var after = await olga.RunAsync(new { dataset, target = new { kind = "reasoning", prompt_version = 2 } });

        var unseen = await ReportAsync();
        await olga.ClearedAsync(await olga.AttackAsync(new { target = "reasoning", prompt_version = 2 }));
        var passed = await ReportAsync();
        var uses = (await olga.GetAsync($"/api/v1/prompts/{words}/runs")).Items();

        Assert.Equal("Riga", (await olga.ResultsAsync(before.Id()))[0].Text("answer"));
        Assert.Equal("Tallinn", (await olga.ResultsAsync(after.Id()))[0].Text("answer"));
        Assert.Contains("with target reasoning, prompt_version 2", unseen.Text("why"), StringComparison.Ordinal);
        Assert.True(passed.Text("verdict") == "passed", passed.ToString());
        // Evaluations and attacks are nobody's uses.
        Assert.Empty(uses);

        async Task<JsonElement> ReportAsync() =>
            (await olga.GetAsync($"/api/v1/prompts/{words}/gate?version=2")).GetProperty("report");
    }

    [Fact]
    public async Task What_was_shown_of_a_draft_counts_though_a_later_clause_stops_it()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Script = request =>
            ContractModelFixture.IsPlan(request) ? new(ContractModelFixture.Plan("Notice", "Law"))
            : request.Prompt.Contains("Write clause 2", StringComparison.Ordinal) ? new("No form at all.")
            : Form("draft", request, chancery.Obedient.Answer(request).Text);

        var id = await olga.AttackAsync(
            new
            {
                target = "draft",
                classes = new[] { "direct_injection" },
                limit = 2,
            }
        );
        await olga.ClearedAsync(id);

        Assert.Contains(await olga.TriedAsync(id), one => one.Text("outcome") == "succeeded");
    }

    [Fact]
    public void Cases_that_could_show_nothing_are_left_out()
    {
        var all = ShippedAttacks.All;
        var drafts = new AttackTarget(RedTeamTarget.Draft).Shipped(new string('r', 100));
        var reasoning = new AttackTarget(RedTeamTarget.Reasoning).Shipped("");

        Assert.Equal(all.Count, new AttackTarget().Shipped("").Count);
        Assert.InRange(drafts.Count, 60, all.Count - 1);
        Assert.DoesNotContain(drafts, one => one.Goal is AttackGoal.Length or AttackGoal.Decoy or AttackGoal.Personal);
        Assert.DoesNotContain(reasoning, one => one.Goal == AttackGoal.Rules);
        Assert.Contains(reasoning, one => one.Goal == AttackGoal.Length);
        Assert.Contains(drafts, one => one.IsBenign);
    }

    /// <summary>What an obeying model says, in the form that it was asked for.</summary>
    private static ScriptedReply Form(string target, ScriptedRequest request, string said) =>
        target switch
        {
            "upgrade" => new(
                JsonSerializer.Serialize(
                    new
                    {
                        // What stands for somebody's data has to stay.
                        prompt = $"{said} {string.Join(' ', Placeholders().Matches(request.LastUserMessage).Select(match => match.Value).Distinct())}",
                        changes = Array.Empty<object>(),
                    },
                    Plain
                )
            ),
            "draft" when ContractModelFixture.IsPlan(request) => new(ContractModelFixture.Plan("Notice")),
            "draft" => new(
                JsonSerializer.Serialize(
                    new
                    {
                        heading = "Notice",
                        text = said,
                        children = Array.Empty<object>(),
                        sources = Array.Empty<int>(),
                    },
                    Plain
                )
            ),
            _ => new($"Thought: I do as I am told.\nFinal Answer: {said}"),
        };

    [GeneratedRegex(@"\[[A-Z]+_\d+\]|\{\{?[A-Za-z_]+\}?\}")]
    private static partial Regex Placeholders();
}
