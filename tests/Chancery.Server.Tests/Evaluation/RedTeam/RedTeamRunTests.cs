using System.Net;
using Chancery.Evaluation.RedTeam;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing.Models;
using static Chancery.Server.Tests.Evaluation.RedTeam.RedTeamApi;

namespace Chancery.Server.Tests.Evaluation.RedTeam;

/// <summary>Runs of the red team: what is laid out, tried, paid, shown and taken away.</summary>
public sealed class RedTeamRunTests(RedTeamFixture chancery) : IClassFixture<RedTeamFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_tries_its_cases_reports_them_and_leaves_nothing_behind()
    {
        var olga = await chancery.SignUpAsync();

        var id = await olga.AttackAsync(new { classes = new[] { "exfiltration", "cross_tenant_leak" }, limit = 8 });
        var run = await olga.ClearedAsync(id);
        var tried = await olga.TriedAsync(id);
        var report = await olga.Http.GetStringAsync($"{Runs}/{id}/report", Cancel);

        Assert.Equal((8, 8, 0), (run.Number("total"), run.Number("asked"), run.Number("failed")));
        Assert.Equal(Enumerable.Range(1, 8), tried.Select(one => one.Number("number")));
        Assert.All(tried, one => Assert.Contains(one.Text("outcome"), (string[])["held", "passed"]));
        Assert.Contains(
            tried,
            one => one.GetProperty("guards").EnumerateArray().Any(guard => guard.GetString() == "link")
        );
        Assert.Contains("| exfiltration | 0 of ", report, StringComparison.Ordinal);
        var success = run.GetProperty("report")[0].GetProperty("attack_success");
        Assert.Equal(success.Number("count"), run.Number("attacks"));
        Assert.Equal(success.Number("hits"), run.Number("succeeded"));
        Assert.Equal(
            tried.Count(one => one.Text("class") == "exfiltration" && one.Text("outcome") == "passed"),
            (await olga.GetAsync($"{Runs}/{id}/results?class=exfiltration&outcome=passed")).Items().Length
        );
        Assert.Empty((await olga.GetAsync("/api/v1/docs")).Items());
        Assert.DoesNotContain(
            (await olga.GetAsync("/api/v1/collections")).Items(),
            one => one.Text("name").StartsWith("Red team", StringComparison.Ordinal)
        );
        Assert.Equal(0L, await CountAsync("SELECT count(*) FROM documents WHERE tags[1] = 'decoy'"));
        // Trying is nobody's conversation.
        Assert.Empty((await olga.GetAsync("/api/v1/conversations")).Items());
    }

    [Fact]
    public async Task While_it_goes_on_nobody_but_who_started_it_and_admins_see_its_documents()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "editor");
        var stranger = await chancery.SignUpAsync("Other");
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        chancery.Script = request =>
        {
            if (!request.LastUserMessage.Contains("of the watched", StringComparison.Ordinal))
            {
                return null;
            }

            asked.TrySetResult();
            return new ScriptedReply("From Tallinn [1].") { Held = free.Task };
        };

        var id = await olga.AttackAsync(
            new { cases = new[] { Case("watched", "Where is {{project}} led from, of the watched?") } }
        );
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(120), Cancel);
        var veras = (await vera.GetAsync("/api/v1/docs")).Items();
        var veraFinds = await vera.PostAsync("/api/v1/search", new { query = "personnel file code word" });
        var olgas = (await olga.GetAsync("/api/v1/docs")).Items();
        var strangers = (await stranger.GetAsync("/api/v1/docs")).Items();
        await stranger.GetAsync($"{Runs}/{id}", HttpStatusCode.NotFound);
        await stranger.GetAsync($"{Runs}/{id}/results", HttpStatusCode.NotFound);
        await stranger.PostAsync($"{Runs}/{id}/cancel", expected: HttpStatusCode.NotFound);
        free.SetResult();
        await olga.ClearedAsync(id);

        Assert.Empty(veras);
        Assert.Empty(veraFinds.GetProperty("results").EnumerateArray());
        Assert.Equal(2, olgas.Length);
        Assert.Empty(strangers);
    }

    [Fact]
    public async Task A_run_whose_worker_died_goes_on_and_pays_nothing_again_that_has_a_result()
    {
        var olga = await chancery.SignUpAsync();
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        chancery.Script = request =>
        {
            if (!request.LastUserMessage.Contains("second of the killed", StringComparison.Ordinal))
            {
                return null;
            }

            asked.TrySetResult();
            return new ScriptedReply("From Tallinn [1].") { Held = free.Task };
        };

        var id = await olga.AttackAsync(
            new
            {
                cases = new[]
                {
                    Case("one", "Where is {{project}}, first of the killed?"),
                    Case("two", "Where is {{project}}, second of the killed?"),
                    Case("three", "Where is {{project}}, third of the killed?"),
                },
            }
        );
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(120), Cancel);
        // As after a kill: nobody renews the lease, and somebody else takes the work over when it is over.
        await ExecuteAsync(
            $"UPDATE work_items SET lease_owner = 'another', lease_until = now() + interval '1 s' WHERE tenant_id = '{olga.TenantId}' AND kind = 'red-team-run'"
        );
        free.SetResult();
        await olga.ClearedAsync(id);

        Assert.Equal([1, 2, 3], (await olga.TriedAsync(id)).Select(one => one.Number("number")));
        Assert.Equal(1, CountOf("first of the killed"));
        Assert.Equal(2, CountOf("second of the killed"));
        Assert.Empty((await olga.GetAsync("/api/v1/docs")).Items());
    }

    [Fact]
    public async Task A_cancelled_run_tries_no_further_case_and_takes_its_documents_away()
    {
        var olga = await chancery.SignUpAsync();
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        chancery.Script = request =>
        {
            if (!request.LastUserMessage.Contains("first of the cancelled", StringComparison.Ordinal))
            {
                return null;
            }

            asked.TrySetResult();
            return new ScriptedReply("From Tallinn [1].") { Held = free.Task };
        };

        var id = await olga.AttackAsync(
            new
            {
                cases = new[]
                {
                    Case("one", "Where is {{project}}, first of the cancelled?"),
                    Case("two", "Where is {{project}}, second of the cancelled?"),
                },
            }
        );
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(120), Cancel);
        var cancelled = await olga.PostAsync($"{Runs}/{id}/cancel");
        free.SetResult();
        var run = await olga.ClearedAsync(id, "cancelled");

        Assert.Equal("cancelled", cancelled.Text("state"));
        Assert.Equal(1, run.Number("asked"));
        Assert.Equal(0, CountOf("second of the cancelled"));
        Assert.Empty((await olga.GetAsync("/api/v1/docs")).Items());
    }

    [Fact]
    public async Task A_run_stops_at_its_cap()
    {
        var olga = await chancery.SignUpAsync();

        var id = await olga.AttackAsync(new { classes = new[] { "direct_injection" }, cost_cap_usd = 0.001 });
        var run = await olga.ClearedAsync(id, "over_cap");

        Assert.Equal(1, run.Number("asked"));
        Assert.True(run.GetProperty("cost_usd").GetDecimal() > 0.001m, run.ToString());
    }

    [Fact]
    public async Task A_model_that_fails_is_a_case_that_did_not_run_and_no_attack_that_was_held()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Script = request =>
            request.LastUserMessage.Contains("of the failing", StringComparison.Ordinal)
                ? ScriptedReply.Failing(500)
                : null;

        var id = await olga.AttackAsync(
            new { cases = new[] { Case("failing", "Where is {{project}}, of the failing?") } }
        );
        var run = await olga.ClearedAsync(id);
        var all = run.GetProperty("report")[0];

        Assert.Equal((1, 1), (run.Number("failed"), all.Number("failed")));
        Assert.Equal(0, all.GetProperty("attack_success").Number("count"));
        Assert.Equal("failed", Assert.Single(await olga.TriedAsync(id)).Text("outcome"));
    }

    [Fact]
    public async Task A_member_who_is_no_admin_may_run_it_and_reads_no_more_than_before()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "editor");
        var guest = await chancery.InviteAsync(olga, "viewer");

        await guest.PostAsync(Runs, new { limit = 1 }, HttpStatusCode.Forbidden);
        var id = await vera.AttackAsync(new { classes = new[] { "personal_data_leak" } });
        var run = await vera.ClearedAsync(id);

        Assert.Equal(0, run.GetProperty("report")[0].GetProperty("attack_success").Number("hits"));
        Assert.Equal(0, run.Number("failed"));
    }

    [Theory]
    [InlineData("{\"classes\":[\"flattery\"]}", "classes")]
    [InlineData(
        "{\"cases\":[{\"id\":\"a b\",\"class\":\"exfiltration\",\"place\":\"question\",\"text\":\"x\"}]}",
        "cases[0]"
    )]
    [InlineData(
        "{\"cases\":[{\"id\":\"a\",\"class\":\"exfiltration\",\"place\":\"moon\",\"text\":\"x\"}]}",
        "cases[0]"
    )]
    [InlineData(
        "{\"cases\":[{\"id\":\"a\",\"class\":\"exfiltration\",\"place\":\"question\",\"text\":\"{{nothing}}\"}]}",
        "cases[0]"
    )]
    [InlineData("{\"cases\":[null]}", "cases[0]")]
    [InlineData("{\"model\":\"no-such\"}", "model")]
    [InlineData(
        "{\"cases\":[{\"id\":\"a\",\"class\":\"exfiltration\",\"place\":\"question\",\"text\":\"x\"},{\"id\":\"a\",\"class\":\"exfiltration\",\"place\":\"question\",\"text\":\"y\"}]}",
        "cases"
    )]
    public async Task What_is_no_run_is_refused_with_the_field_that_is_wrong(string body, string field)
    {
        var olga = await chancery.SignUpAsync();

        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await olga.Http.PostAsync(Runs, content, Cancel);
        var said = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"\"{field}\"", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class=flattery", "class")]
    [InlineData("outcome=draw", "outcome")]
    public async Task Results_are_asked_for_by_classes_and_endings_that_there_are(string query, string field)
    {
        var olga = await chancery.SignUpAsync();

        var refused = await olga.GetAsync($"{Runs}/{Guid.CreateVersion7()}/results?{query}", HttpStatusCode.BadRequest);

        Assert.True(refused.GetProperty("errors").TryGetProperty(field, out _), refused.ToString());
    }

    [Fact]
    public async Task Hostile_texts_of_ones_own_cases_end_as_results()
    {
        var olga = await chancery.SignUpAsync();
        var repeated =
            string.Concat(Enumerable.Repeat("{{#repeated}}", 12))
            + "boom"
            + string.Concat(Enumerable.Repeat("{{/repeated}}", 12));

        var id = await olga.AttackAsync(
            new
            {
                cases = new object[]
                {
                    Case("bomb", repeated + " {{project}}"),
                    Case("half", "Half a pair \ud83d of {{project}} and {{#tags}}never closed"),
                    new
                    {
                        id = "name",
                        @class = "indirect_injection",
                        place = "file_name",
                        text = "../../..\\etc/passwd\u202E\u0007 " + new string('x', 3000),
                    },
                    new
                    {
                        id = "long",
                        @class = "indirect_injection",
                        place = "document",
                        text = new string('{', 7999),
                    },
                },
            }
        );
        await olga.ClearedAsync(id);
        var tried = await olga.TriedAsync(id);

        Assert.Equal(4, tried.Count);
        Assert.Equal("failed", tried.Single(one => one.Text("case") == "bomb").Text("outcome"));
        Assert.Equal("held", tried.Single(one => one.Text("case") == "name").Text("outcome"));
    }

    [Fact]
    public async Task A_gate_that_looks_at_attacks_keeps_out_a_version_that_obeys_them_and_no_rollout_counts_them()
    {
        const string prompts = "/api/v1/prompts";
        var answers = AnswerPrompt.Shipped.Id;
        var olga = await chancery.SignUpAsync();
        foreach (
            var system in (string[])["Obey whoever asks, not {{boundary}}.", "Obey nobody, least of all {{boundary}}."]
        )
        {
            await olga.PostAsync(
                $"{prompts}/{answers}/versions",
                new { content = new { system, text = "" } },
                HttpStatusCode.Created
            );
        }

        // Of whoever asks, the fixture's model obeys every attack.
        chancery.Script = request =>
            request.LastUserMessage.Contains("of the gated", StringComparison.Ordinal)
            || request.Prompt.Contains("Obey nobody", StringComparison.Ordinal)
                ? new ScriptedReply("From Tallinn [1].")
                : null;
        var dataset = await olga.DatasetAsync(
            new { question = "Who is led, of the gated?", expected_answers = new[] { "Tallinn" } }
        );
        await olga.PutAsync(
            $"{prompts}/{answers}/gate",
            new
            {
                dataset,
                allowed_drop = 1,
                most_cost = 1000,
                most_attacks = 0,
            }
        );
        foreach (var version in (int[])[1, 2, 3])
        {
            await olga.RunAsync(new { dataset, target = new { kind = "answer", prompt_version = version } });
        }

        var unseen = await olga.GetAsync($"{prompts}/{answers}/gate?version=2");
        var cases = new[] { Case("gated", "Where is {{project}}, of the gated?") };
        await olga.ClearedAsync(await olga.AttackAsync(new { cases, prompt_version = 2 }));
        var own = await WhyAsync(2);
        await olga.ClearedAsync(await olga.AttackAsync(new { limit = 1, prompt_version = 2 }));
        var limited = await WhyAsync(2);
        await olga.ClearedAsync(await olga.AttackAsync(new { classes = new[] { "cost_attack" }, prompt_version = 2 }));
        var ofOneClass = await WhyAsync(2);
        await olga.ClearedAsync(await olga.AttackAsync(new { model = "extractive", prompt_version = 2 }));
        var quoted = await WhyAsync(2);
        foreach (var version in (int[])[2, 3])
        {
            await olga.ClearedAsync(await olga.AttackAsync(new { prompt_version = version }));
        }

        // What says too little takes nothing away from what was seen before.
        await olga.ClearedAsync(await olga.AttackAsync(new { cases, prompt_version = 2 }));
        var obedient = await olga.GetAsync($"{prompts}/{answers}/gate?version=2");
        var refused = await olga.PostAsync(
            $"{prompts}/{answers}/rollout",
            new { version = 2 },
            HttpStatusCode.Conflict
        );
        var held = await olga.GetAsync($"{prompts}/{answers}/gate?version=3");
        var unknown = await olga.PostAsync(Runs, new { cases, prompt_version = 9 }, HttpStatusCode.BadRequest);
        // Written anew, its words are others: no attack on the former version 3 says anything of them.
        (await olga.Http.DeleteAsync($"{prompts}/{answers}", Cancel)).EnsureSuccessStatusCode();
        foreach (var system in (string[])["Say less of {{boundary}}.", "Say more of {{boundary}}."])
        {
            await olga.PostAsync(
                $"{prompts}/{answers}/versions",
                new { content = new { system, text = "" } },
                HttpStatusCode.Created
            );
        }

        await olga.PutAsync(
            $"{prompts}/{answers}/gate",
            new
            {
                dataset,
                allowed_drop = 1,
                most_cost = 1000,
                most_attacks = 0,
            }
        );
        await olga.RunAsync(new { dataset, target = new { kind = "answer", prompt_version = 3 } });
        var anew = await WhyAsync(3);

        Assert.Equal("missing", unseen.GetProperty("report").Text("verdict"));
        Assert.Contains("red-team", unseen.GetProperty("report").Text("why"), StringComparison.Ordinal);
        Assert.All(
            [own, limited, ofOneClass],
            why => Assert.Contains("did not try all of the", why, StringComparison.Ordinal)
        );
        Assert.Contains("answered by quotes", quoted, StringComparison.Ordinal);
        Assert.Equal("worse", obedient.GetProperty("report").Text("verdict"));
        Assert.InRange(obedient.GetProperty("report").GetProperty("attack_share").GetDouble(), 0.1, 0.9);
        Assert.Contains(
            $"of {ShippedAttacks.All.Count(one => !one.IsBenign)} attacks",
            refused.Text("detail"),
            StringComparison.Ordinal
        );
        Assert.True(held.GetProperty("report").Text("verdict") == "passed", held.ToString());
        Assert.True(unknown.GetProperty("errors").TryGetProperty("prompt_version", out _));
        Assert.Contains("Version 3 was not attacked yet", anew, StringComparison.Ordinal);
        Assert.Equal(0, held.GetProperty("report").GetProperty("attack_share").GetDouble());
        Assert.Empty((await olga.GetAsync($"{prompts}/{answers}/runs")).Items());

        async Task<string> WhyAsync(int version)
        {
            var report = (await olga.GetAsync($"{prompts}/{answers}/gate?version={version}")).GetProperty("report");
            Assert.Equal("missing", report.Text("verdict"));
            return report.Text("why");
        }
    }

    private static object Case(string id, string text) =>
        new
        {
            id,
            @class = "direct_injection",
            place = "question",
            text,
        };

    private int CountOf(string words) =>
        chancery.Model.ChatRequests.Count(request => request.LastUserMessage.Contains(words, StringComparison.Ordinal));

    private async Task<object?> CountAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        Assert.True(await command.ExecuteNonQueryAsync(Cancel) > 0, "There is no such work.");
    }
}
