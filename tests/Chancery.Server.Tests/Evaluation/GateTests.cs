using System.Net;
using System.Text.Json;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>Versions of prompts, evaluated before anybody gets them.</summary>
public sealed class GateTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_version_of_ones_own_prompt_is_asked_with_each_question_in_its_variable()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Scripts["the capital of Gatonia"] = request => new ScriptedReply(
            request.Prompt.Contains("Answer in one word", StringComparison.Ordinal)
                ? "Gatopolis"
                : "I would rather not say."
        );
        var prompt = await olga.PromptAsync("Answer in one word.", $"Gate {Guid.CreateVersion7():n}");
        var dataset = await olga.DatasetAsync(
            new { question = "What is the capital of Gatonia?", expected_answers = new[] { "Gatopolis" } }
        );

        var run = await olga.RunAsync(new { dataset, target = Target(prompt, 1) });

        Assert.Equal(1, run.Mean("exact_match"));
        Assert.True(run.GetProperty("cost_usd").GetDecimal() > 0);
        // A use of it by somebody would be counted.
        Assert.Empty((await olga.GetAsync($"/api/v1/prompts/{prompt}/runs")).Items());
    }

    [Fact]
    public async Task What_was_not_evaluated_or_does_worse_is_not_rolled_out_and_what_does_as_well_is()
    {
        const string question = "What is the tide of Gatonia?";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[question] = request => new ScriptedReply(
            request.Prompt.Contains("Be wrong", StringComparison.Ordinal) ? "Low" : "High"
        );
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be wrong.");
        await VersionAsync(olga, prompt, "Be right, please.");
        var dataset = await olga.DatasetAsync([
            .. Enumerable
                .Range(0, 8)
                .Select(i => (object)new { question = $"{question} Part {i}.", expected_answers = new[] { "High" } }),
        ]);
        await olga.PutAsync(
            $"/api/v1/prompts/{prompt}/gate",
            new
            {
                dataset,
                allowed_drop = 0.05,
                most_cost = 3,
            }
        );

        var unknown = await StartAsync(olga, prompt, 2, HttpStatusCode.Conflict);
        await olga.RunAsync(new { dataset, target = Target(prompt, 2) });
        var withoutControl = await StartAsync(olga, prompt, 2, HttpStatusCode.Conflict);
        await olga.RunAsync(new { dataset, target = Target(prompt, 1) });
        var worse = await StartAsync(olga, prompt, 2, HttpStatusCode.Conflict);
        await olga.RunAsync(new { dataset, target = Target(prompt, 3) });
        var state = await olga.GetAsync($"/api/v1/prompts/{prompt}/gate?version=3");
        var started = await StartAsync(olga, prompt, 3, HttpStatusCode.Created);

        Assert.EndsWith("evaluation-missing", unknown.Text("type"), StringComparison.Ordinal);
        Assert.Contains("Version 1", withoutControl.Text("detail"), StringComparison.Ordinal);
        Assert.EndsWith("evaluation-worse", worse.Text("type"), StringComparison.Ordinal);
        Assert.Contains("exact_match", worse.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("passed", state.GetProperty("report").Text("verdict"));
        Assert.Equal("running", started.Text("state"));
    }

    [Fact]
    public async Task Runs_count_for_the_words_that_they_asked_and_not_for_a_number_that_was_given_again()
    {
        const string question = "What is the dew of Gatonia?";
        const string first = "Answer in words, never {{boundary}}.";
        const string prompts = "/api/v1/prompts";
        var answers = AnswerPrompt.Shipped.Id;
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[question] = _ => new ScriptedReply("High");
        var dataset = await olga.DatasetAsync(new { question, expected_answers = new[] { "High" } });
        await WriteAsync(first);
        foreach (var version in (int[])[1, 2])
        {
            await olga.RunAsync(new { dataset, target = new { kind = "answer", prompt_version = version } });
        }

        var asked = await ReportAsync();
        (await olga.Http.DeleteAsync($"{prompts}/{answers}", Cancel)).EnsureSuccessStatusCode();
        await WriteAsync("Answer in no words, never {{boundary}}.");
        var others = await ReportAsync();
        (await olga.Http.DeleteAsync($"{prompts}/{answers}", Cancel)).EnsureSuccessStatusCode();
        await WriteAsync(first);
        var again = await ReportAsync();
        // As after a release with other words in version 1.
        await SetAsync("repeat('0', 64)", 1);
        var released = await ReportAsync();
        // As of runs from before hashes were kept, which are older than the version.
        await SetAsync("NULL", 1, 2);
        var unknown = await ReportAsync();
        await olga.RunAsync(new { dataset, target = new { kind = "answer", prompt_version = 1 } });
        await olga.RunAsync(new { dataset, target = new { kind = "answer", prompt_version = 2 } });
        await SetAsync("NULL", 1, 2);
        await ExecuteAsync($"UPDATE eval_runs SET created_at = now() WHERE tenant_id = '{olga.TenantId}'");
        var younger = await ReportAsync();

        Assert.DoesNotContain("was not asked", asked, StringComparison.Ordinal);
        Assert.Contains("Version 2 was not asked", others, StringComparison.Ordinal);
        Assert.Equal(asked, again);
        Assert.Contains("Version 1, which is in production, was not asked", released, StringComparison.Ordinal);
        Assert.Contains("Version 2 was not asked", unknown, StringComparison.Ordinal);
        Assert.Equal(asked, younger);

        async Task WriteAsync(string system)
        {
            await olga.PostAsync(
                $"{prompts}/{answers}/versions",
                new { content = new { system, text = "" } },
                HttpStatusCode.Created
            );
            await olga.PutAsync(
                $"{prompts}/{answers}/gate",
                new
                {
                    dataset,
                    allowed_drop = 1,
                    most_cost = 1000,
                }
            );
        }

        async Task<string> ReportAsync()
        {
            var report = (await olga.GetAsync($"{prompts}/{answers}/gate?version=2")).GetProperty("report");
            return $"{report.Text("verdict")}: {(report.TryGetProperty("why", out var why) ? why.GetString() : null)}";
        }

        Task SetAsync(string sha256, params int[] versions) =>
            ExecuteAsync(
                $"UPDATE eval_runs SET prompt_sha256 = {sha256} WHERE tenant_id = '{olga.TenantId}' AND (target ->> 'prompt_version')::int IN ({string.Join(", ", versions)})"
            );

        async Task ExecuteAsync(string sql)
        {
            await using var command = chancery.Owner.CreateCommand(sql);
            Assert.True(await command.ExecuteNonQueryAsync(Cancel) > 0);
        }
    }

    [Fact]
    public async Task Runs_are_held_against_each_other_only_where_both_were_judged_alike()
    {
        const string question = "What is the wind of Gatonia?";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[question] = _ => new ScriptedReply("High");
        chancery.Verdicts[question] = request => ScriptedJudge.Verdict(request, "High", 4);
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be right, please.");
        var dataset = await olga.DatasetAsync([
            .. Enumerable
                .Range(0, 4)
                .Select(i => (object)new { question = $"{question} Part {i}.", expected_answers = new[] { "High" } }),
        ]);
        await olga.PutAsync(
            $"/api/v1/prompts/{prompt}/gate",
            new
            {
                dataset,
                allowed_drop = 0.05,
                most_cost = 1.5,
            }
        );

        var judged = await RunAsync(1, "relevance");
        await RunAsync(2);
        var oneJudged = await ReportAsync();
        await RunAsync(1);
        var noneJudged = await ReportAsync();
        await RunAsync(2, "relevance");
        var bothJudged = await ReportAsync();
        await RunAsync(2, "relevance", "helpfulness");
        var byMore = await ReportAsync();
        await RunAsync(2, "relevance");
        await using (
            // As of a run that was begun before runs kept their judges.
            var command = chancery.Owner.CreateCommand(
                $"UPDATE eval_runs SET judges = NULL WHERE run_id = '{judged.Id()}'"
            )
        )
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var byWhom = await ReportAsync();

        Assert.Equal("missing", oneJudged.Text("verdict"));
        Assert.Equal("passed", noneJudged.Text("verdict"));
        Assert.InRange(noneJudged.GetProperty("cost_ratio").GetDouble(), 0.8, 1.5);
        Assert.Equal("passed", bothJudged.Text("verdict"));
        Assert.Contains(
            bothJudged.GetProperty("scores").EnumerateArray(),
            score => score.Text("name") == "judge_relevance"
        );
        Assert.Equal(["missing", "missing"], [byMore.Text("verdict"), byWhom.Text("verdict")]);
        Assert.Contains("Version 1", byMore.Text("why"), StringComparison.Ordinal);
        Assert.Contains("judged", byMore.Text("why"), StringComparison.Ordinal);

        async Task<JsonElement> RunAsync(int version, params string[] criteria) =>
            criteria.Length == 0
                ? await olga.RunAsync(new { dataset, target = Target(prompt, version) })
                : await olga.RunAsync(
                    new
                    {
                        dataset,
                        target = Target(prompt, version),
                        judging = new { criteria },
                    }
                );

        async Task<JsonElement> ReportAsync() =>
            (await olga.GetAsync($"/api/v1/prompts/{prompt}/gate?version=2")).GetProperty("report");
    }

    [Fact]
    public async Task A_run_that_ended_early_or_left_questions_without_an_answer_lets_nothing_pass()
    {
        const string question = "What is the rain of Gatonia?";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[question] = request =>
            request.LastUserMessage.Contains("Part 7.", StringComparison.Ordinal)
                ? new ScriptedReply { Status = 400 }
                : new ScriptedReply("Little");
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be right, please.");
        var dataset = await AskedAsync(olga, question, 8, "Little");
        await SetAsync(olga, prompt, new { dataset });

        await olga.RunAsync(new { dataset, target = Target(prompt, 1) });
        await olga.RunAsync(
            new
            {
                dataset,
                target = Target(prompt, 2),
                cost_cap_usd = 0.000001m,
            },
            "over_cap"
        );
        var capped = await ReportAsync(olga, prompt);
        await olga.RunAsync(new { dataset, target = Target(prompt, 2) });
        var broken = await ReportAsync(olga, prompt);
        await StartAsync(olga, prompt, 2, HttpStatusCode.Conflict);
        await SetAsync(olga, prompt, new { dataset, least_coverage = 0.8 });
        var enough = await ReportAsync(olga, prompt);
        await olga.PostAsync(
            $"/api/v1/eval/datasets/{dataset}/questions",
            new
            {
                questions = Enumerable
                    .Range(8, 8)
                    .Select(i => new { question = $"{question} Part {i}.", expected_answers = new[] { "Little" } }),
            },
            HttpStatusCode.Created
        );
        var grown = await ReportAsync(olga, prompt);

        Assert.Equal("missing", capped.Text("verdict"));
        Assert.Contains("cap on cost after 1 of 8", capped.Text("why"), StringComparison.Ordinal);
        Assert.Equal("missing", broken.Text("verdict"));
        Assert.Contains("answered 0.88 of the dataset's questions", broken.Text("why"), StringComparison.Ordinal);
        Assert.Equal(0.875, broken.GetProperty("coverage_after").GetDouble());
        Assert.Equal(0.875, broken.GetProperty("scores")[0].GetProperty("coverage").GetDouble());
        Assert.Equal("passed", enough.Text("verdict"));
        Assert.Equal("missing", grown.Text("verdict"));
        Assert.Equal(0.4375, grown.GetProperty("coverage_before").GetDouble());
    }

    [Fact]
    public async Task What_an_answer_costs_is_compared_without_its_judges()
    {
        const string question = "What is the fog of Gatonia?";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[question] = request => new ScriptedReply(
            request.Prompt.Contains("Be long", StringComparison.Ordinal)
                ? string.Join(' ', Enumerable.Repeat("Thick", 400))
                : "Thick"
        );
        // A judge that is dear.
        chancery.Verdicts[question] = request => ScriptedJudge.Verdict(request, "Thick", 4);
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be long.");
        var dataset = await AskedAsync(olga, question, 3, "Thick");
        await SetAsync(olga, prompt, new { dataset, allowed_drop = 1 });
        object judging = new { criteria = new[] { "relevance" } };

        var before = await olga.RunAsync(
            new
            {
                dataset,
                target = Target(prompt, 1),
                judging,
            }
        );
        var after = await olga.RunAsync(
            new
            {
                dataset,
                target = Target(prompt, 2),
                judging,
            }
        );
        var dear = await ReportAsync(olga, prompt);

        var whole = after.GetProperty("cost_usd").GetDouble() / before.GetProperty("cost_usd").GetDouble();
        var ratio = dear.GetProperty("cost_ratio").GetDouble();
        Assert.True(ratio > whole + 1, $"{ratio} beside {whole} with judges");
        Assert.Equal("worse", dear.Text("verdict"));
        Assert.Contains("times as much", dear.Text("why"), StringComparison.Ordinal);
        Assert.True(dear.GetProperty("cost_usd").GetDouble() * 3 < after.GetProperty("cost_usd").GetDouble());
    }

    [Fact]
    public async Task Beside_a_version_that_costs_nothing_a_price_has_to_be_named()
    {
        const string question = "What is the snow of Gatonia?";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[question] = _ => new ScriptedReply("Deep");
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be right, please.");
        var dataset = await AskedAsync(olga, question, 3, "Deep");
        await SetAsync(olga, prompt, new { dataset });
        var free = await olga.RunAsync(new { dataset, target = Target(prompt, 1) });
        await using (
            var command = chancery.Owner.CreateCommand(
                $"UPDATE eval_results SET answer_nano = 0 WHERE run_id = '{free.Id()}'"
            )
        )
        {
            // As of a model in the house.
            await command.ExecuteNonQueryAsync(Cancel);
        }

        await olga.RunAsync(new { dataset, target = Target(prompt, 2) });
        var untold = await ReportAsync(olga, prompt);
        await SetAsync(olga, prompt, new { dataset, most_cost_usd = 0.000001 });
        var dear = await ReportAsync(olga, prompt);
        await SetAsync(olga, prompt, new { dataset, most_cost_usd = 10 });
        var cheap = await ReportAsync(olga, prompt);

        Assert.Equal("missing", untold.Text("verdict"));
        Assert.Contains("most_cost_usd", untold.Text("why"), StringComparison.Ordinal);
        Assert.False(untold.TryGetProperty("cost_ratio", out _));
        Assert.Equal("worse", dear.Text("verdict"));
        Assert.Contains("more than $0.000001", dear.Text("why"), StringComparison.Ordinal);
        Assert.Equal("passed", cheap.Text("verdict"));
    }

    [Fact]
    public async Task A_gate_is_passed_over_only_with_a_reason_and_can_be_taken_away()
    {
        var olga = await chancery.SignUpAsync();
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be quick.");
        var dataset = await olga.DatasetAsync(new { question = "Anything?", expected_answers = new[] { "Yes" } });
        await olga.PutAsync($"/api/v1/prompts/{prompt}/gate", new { dataset });

        var byHand = await olga.PutAsync(
            $"/api/v1/prompts/{prompt}/labels/production",
            new { version = 2 },
            HttpStatusCode.Conflict
        );
        var silent = await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/rollout",
            new { version = 2, skip_gate = true },
            HttpStatusCode.BadRequest
        );
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/rollout",
            new
            {
                version = 2,
                skip_gate = true,
                why = "The night is short",
            },
            HttpStatusCode.Created
        );
        using var removed = await olga.Http.DeleteAsync($"/api/v1/prompts/{prompt}/gate", Cancel);

        Assert.Equal("evaluation-missing", byHand.Text("code"));
        Assert.True(silent.GetProperty("errors").TryGetProperty("why", out _));
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        var state = await olga.GetAsync($"/api/v1/prompts/{prompt}/gate");
        Assert.False(state.TryGetProperty("gate", out var gate) && gate.ValueKind != JsonValueKind.Null);
    }

    [Fact]
    public async Task The_record_says_that_a_gate_was_skipped_and_only_where_there_was_one()
    {
        var olga = await chancery.SignUpAsync();
        var prompt = await olga.PromptAsync("Be right.", $"Gate {Guid.CreateVersion7():n}");
        await VersionAsync(olga, prompt, "Be quick.");
        await VersionAsync(olga, prompt, "Be kind.");
        var dataset = await olga.DatasetAsync(new { question = "Anything?", expected_answers = new[] { "Yes" } });
        var move = $"/api/v1/prompts/{prompt}/labels/production";
        await olga.PutAsync(
            move,
            new
            {
                version = 2,
                skip_gate = true,
                why = "There is none",
            }
        );
        await olga.PutAsync($"/api/v1/prompts/{prompt}/gate", new { dataset });
        await olga.PutAsync(
            move,
            new
            {
                version = 3,
                skip_gate = true,
                why = "The night is short",
            }
        );

        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/rollout",
            new
            {
                version = 2,
                skip_gate = true,
                again = true,
                why = "The day, too",
            },
            HttpStatusCode.Created
        );

        var entries = await MovesAsync(olga, 3);
        Assert.Equal(
            [("prompt.label_moved", null), ("prompt.label_moved", "skipped"), ("prompt.rollout_started", "skipped")],
            entries.Select(entry => (entry.Text("action"), DetailOf(entry, "gate")))
        );
        Assert.Equal(dataset.ToString(), DetailOf(entries[1], "gate_dataset"));
    }

    [Fact]
    public async Task An_import_moves_no_production_that_somebody_else_made_meanwhile()
    {
        var olga = await chancery.SignUpAsync();
        var first = await olga.PromptAsync("Be right.", "First");
        var dataset = await olga.DatasetAsync(new { question = "Anything?", expected_answers = new[] { "Yes" } });
        await olga.PutAsync($"/api/v1/prompts/{first}/gate", new { dataset });
        var made = Guid.CreateVersion7();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        // The import sees what is there, and waits where it adds to it.
        await ExecuteAsync("LOCK TABLE prompts IN SHARE ROW EXCLUSIVE MODE");
        var importing = olga.PostAsync(
            "/api/v1/prompts/import",
            new
            {
                format = "chancery-prompts-1",
                prompts = new[]
                {
                    new
                    {
                        name = "Meanwhile",
                        production = 1,
                        versions = new[] { new { number = 1, content = PromptApi.Saying("Be quick.") } },
                    },
                },
            },
            HttpStatusCode.OK
        );
        await WaitsForLockAsync();
        // Somebody makes it, with a gate.
        await ExecuteAsync(
            $"INSERT INTO prompts SELECT tenant_id, '{made}', 'Meanwhile', description, latest, created_by, created_at, updated_at FROM prompts WHERE prompt_id = '{first}'"
        );
        await ExecuteAsync(
            $"INSERT INTO prompt_versions SELECT tenant_id, '{made}', number, sha256, content, why, author_id, author, created_at FROM prompt_versions WHERE prompt_id = '{first}'"
        );
        await ExecuteAsync(
            $"INSERT INTO prompt_labels SELECT tenant_id, '{made}', label, version, moves FROM prompt_labels WHERE prompt_id = '{first}'"
        );
        await ExecuteAsync(
            $"INSERT INTO prompt_label_moves SELECT tenant_id, '{made}', label, number, from_version, to_version, why, author_id, author, created_at FROM prompt_label_moves WHERE prompt_id = '{first}'"
        );
        await ExecuteAsync(
            $"INSERT INTO prompt_gates SELECT tenant_id, '{made}', dataset_id, allowed_drop, most_cost, updated_by, updated_at FROM prompt_gates WHERE prompt_id = '{first}'"
        );
        await transaction.CommitAsync(Cancel);
        var imported = Assert.Single((await importing).GetProperty("prompts").EnumerateArray().ToArray());

        Assert.Equal(made, imported.Id());
        Assert.False(imported.GetProperty("is_new").GetBoolean());
        Assert.Equal(1, imported.GetProperty("added").GetInt32());
        Assert.Equal(1, imported.GetProperty("production").GetInt32());
        var shown = await olga.GetAsync($"/api/v1/prompts/{made}");
        Assert.Equal(1, shown.GetProperty("prompt").GetProperty("production").GetInt32());

        async Task ExecuteAsync(string sql)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(Cancel);
        }

        async Task WaitsForLockAsync()
        {
            await using var command = chancery.Owner.CreateCommand(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'prompts'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            );
            for (var i = 0; i < 400; i++)
            {
                if ((long)(await command.ExecuteScalarAsync(Cancel))! > 0)
                {
                    return;
                }

                await Task.Delay(25, Cancel);
            }

            throw new TimeoutException("The import did not come to where it adds.");
        }
    }

    [Fact]
    public async Task Answers_are_evaluated_by_a_version_of_the_products_prompt_whatever_is_in_production()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The ferry to Gatonia leaves at nine.", "ferry.txt");
        chancery.Scripts["the ferry to Gatonia leave"] = request => new ScriptedReply(
            request.Prompt.Contains("Shout.", StringComparison.Ordinal)
                ? "THE FERRY TO GATONIA LEAVES AT NINE [1]."
                : "The ferry to Gatonia leaves at nine [1]."
        );
        var prompt = (await olga.GetAsync("/api/v1/prompts")).Items().Single(one => one.Text("name") == "answer");
        var shipped = await olga.GetAsync($"/api/v1/prompts/{prompt.Id()}/versions/1");
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt.Id()}/versions",
            new { content = new { system = shipped.GetProperty("content").Text("system") + "\nShout.", text = "" } },
            HttpStatusCode.Created
        );
        var dataset = await olga.DatasetAsync(
            new { question = "When does the ferry to Gatonia leave?", expected_answers = new[] { "nine" } }
        );

        var loud = await olga.RunAsync(new { dataset, target = new { kind = "answer", prompt_version = 2 } });
        var usual = await olga.RunAsync(new { dataset, target = new { kind = "answer" } });
        var none = await olga.PostAsync(
            "/api/v1/eval/runs",
            new { dataset, target = new { kind = "answer", prompt_version = 9 } },
            HttpStatusCode.NotFound
        );

        Assert.StartsWith(
            "THE FERRY",
            (await olga.ResultsAsync(loud.Id()))[0].Text("answer"),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "The ferry",
            (await olga.ResultsAsync(usual.Id()))[0].Text("answer"),
            StringComparison.Ordinal
        );
        Assert.EndsWith("not-found", none.Text("type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_of_how_prompts_are_upgraded_is_evaluated_by_what_its_prompts_bring()
    {
        const string rough = "tell me which bird sings first";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[rough] = request => new ScriptedReply(
            request.Prompt.Contains("Improve nothing", StringComparison.Ordinal)
                ? """{"prompt":"Say whatever comes to mind.","changes":[]}"""
                : """{"prompt":"Name the bird that sings first in the morning.","changes":[]}"""
        );
        chancery.Scripts["Name the bird that sings first in the morning."] = _ => new ScriptedReply("Redstart");
        chancery.Scripts["Say whatever comes to mind."] = _ => new ScriptedReply("Rain");
        var prompt = (await olga.GetAsync("/api/v1/prompts"))
            .Items()
            .Single(one => one.Text("name") == "prompt-upgrade")
            .Id();
        foreach (var words in new[] { "Improve nothing", "Improve it well" })
        {
            await olga.PostAsync(
                $"/api/v1/prompts/{prompt}/versions",
                new { content = new { system = $"{words}, between {{{{boundary}}}}.", text = "" } },
                HttpStatusCode.Created
            );
        }

        var dataset = await olga.DatasetAsync(
            new { question = $"{rough}, in short", expected_answers = new[] { "Redstart" } },
            new { question = $"{rough}, at length", expected_answers = new[] { "Redstart" } }
        );
        await SetAsync(olga, prompt, new { dataset });

        var before = await olga.RunAsync(new { dataset, target = Upgrades(1) });
        Assert.All(
            await olga.ResultsAsync(before.Id()),
            result => Assert.True(result.Text("outcome") == "answered", result.ToString())
        );
        var worse = await olga.RunAsync(new { dataset, target = Upgrades(2) });
        var refused = await StartAsync(olga, prompt, 2, HttpStatusCode.Conflict);
        await olga.RunAsync(new { dataset, target = Upgrades(3) });
        var started = await StartAsync(olga, prompt, 3, HttpStatusCode.Created);

        Assert.Equal([1, 0], [before.Mean("exact_match"), worse.Mean("exact_match")]);
        Assert.Equal("Redstart", (await olga.ResultsAsync(before.Id()))[0].Text("answer"));
        Assert.Equal("evaluation-worse", refused.Text("code"));
        Assert.Equal("running", started.Text("state"));
        // Nobody's use, and nobody's upgrade.
        Assert.Empty((await olga.GetAsync($"/api/v1/prompts/{prompt}/runs")).Items());
        Assert.Empty((await olga.GetAsync("/api/v1/upgrades")).Items());

        static object Upgrades(int version) => new { kind = "upgrade", prompt_version = version };
    }

    [Fact]
    public async Task A_version_of_how_contracts_are_drafted_is_evaluated_by_wording_that_has_to_stand_in_them()
    {
        const string wish = "An agreement on the ferries of Gatonia";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[wish] = request =>
            request.Prompt.Contains("Write in riddles", StringComparison.Ordinal)
                ? new ScriptedReply("What has a keel and no clauses?")
                : ContractModelFixture.Drafts(request, "Ferries");
        var prompt = (await olga.GetAsync("/api/v1/prompts"))
            .Items()
            .Single(one => one.Text("name") == "contract-draft")
            .Id();
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = "Write in riddles, between {{boundary}}.", text = "" } },
            HttpStatusCode.Created
        );
        var dataset = await AskedAsync(olga, wish, 2, "Ferries");
        await SetAsync(olga, prompt, new { dataset });

        var before = await olga.RunAsync(new { dataset, target = Drafts(1) });
        var worse = await olga.RunAsync(new { dataset, target = Drafts(2) });
        var refused = await StartAsync(olga, prompt, 2, HttpStatusCode.Conflict);

        Assert.Equal(1, before.Mean("contains_answer"));
        Assert.Contains(
            "1. Ferries",
            (await olga.ResultsAsync(before.Id()))[0].Text("answer"),
            StringComparison.Ordinal
        );
        Assert.Equal(2, worse.GetProperty("failed").GetInt32());
        Assert.Equal("evaluation-worse", refused.Text("code"));
        Assert.Contains("2 questions got no answer", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Empty((await olga.GetAsync($"/api/v1/prompts/{prompt}/runs")).Items());
        Assert.Empty((await olga.GetAsync("/api/v1/contracts")).Items());

        static object Drafts(int version) => new { kind = "draft", prompt_version = version };
    }

    [Fact]
    public async Task A_rough_prompt_of_which_no_better_one_was_made_has_no_answer()
    {
        const string rough = "tell me the lighthouse of Gatonia";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[rough] = _ => new ScriptedReply("This is no object.");
        var dataset = await AskedAsync(olga, rough, 1, "Tall");

        var run = await olga.RunAsync(new { dataset, target = new { kind = "upgrade" } });
        var refused = await olga.PostAsync(
            "/api/v1/eval/runs",
            new { dataset, target = new { kind = "upgrade", model = "extractive" } },
            HttpStatusCode.BadRequest
        );

        Assert.Equal(1, run.GetProperty("failed").GetInt32());
        Assert.True(run.GetProperty("cost_usd").GetDouble() > 0);
        Assert.Equal("failed", (await olga.ResultsAsync(run.Id()))[0].Text("outcome"));
        Assert.True(refused.GetProperty("errors").TryGetProperty("target.model", out _));
    }

    [Fact]
    public async Task No_gate_stands_before_a_prompt_that_nothing_evaluates()
    {
        var olga = await chancery.SignUpAsync();
        var dataset = await olga.DatasetAsync(new { question = "Anything?", expected_answers = new[] { "Yes" } });
        var prompts = (await olga.GetAsync("/api/v1/prompts")).Items();
        var revision = prompts.First(prompt => prompt.Text("name") == "contract-revision").Id();
        var answer = prompts.First(prompt => prompt.Text("name") == "answer").Id();

        var refused = await olga.PutAsync($"/api/v1/prompts/{revision}/gate", new { dataset }, HttpStatusCode.Conflict);
        await olga.PutAsync($"/api/v1/prompts/{answer}/gate", new { dataset });

        Assert.Equal("prompt-not-evaluated", refused.Text("code"));
        string[] evaluated = ["answer", "contract-draft", "prompt-upgrade", "reasoning"];
        foreach (var prompt in prompts.Where(prompt => prompt.GetProperty("is_shipped").GetBoolean()))
        {
            var state = await olga.GetAsync($"/api/v1/prompts/{prompt.Id()}/gate");
            var why = state.TryGetProperty("why_none", out var told) ? told.GetString() : null;
            Assert.True(why is null == evaluated.Contains(prompt.Text("name")), $"{prompt.Text("name")}: {why}");
            // Each is told its own reason, not that of whatever nobody thought of.
            Assert.NotEqual("No evaluation asks it.", why);
        }
    }

    [Fact]
    public async Task Prompts_go_out_as_a_file_and_come_in_elsewhere_with_the_same_versions()
    {
        var olga = await chancery.SignUpAsync();
        var pavel = await chancery.SignUpAsync();
        var name = $"Travelling {Guid.CreateVersion7():n}";
        var prompt = await olga.PromptAsync("Be right.", name);
        await VersionAsync(olga, prompt, "Be right, please.");
        await olga.PutAsync($"/api/v1/prompts/{prompt}/labels/production", new { version = 2 });

        var file = await olga.GetAsync("/api/v1/prompts/export");
        var imported = await pavel.PostAsync("/api/v1/prompts/import", file, HttpStatusCode.OK);
        var again = await pavel.PostAsync("/api/v1/prompts/import", file, HttpStatusCode.OK);

        var one = Assert.Single(imported.GetProperty("prompts").EnumerateArray());
        Assert.Equal(
            (true, 2, 2),
            (
                one.GetProperty("is_new").GetBoolean(),
                one.GetProperty("added").GetInt32(),
                one.GetProperty("production").GetInt32()
            )
        );
        Assert.Equal(0, again.GetProperty("prompts")[0].GetProperty("added").GetInt32());
        var theirs = await olga.GetAsync($"/api/v1/prompts/{prompt}/versions/2");
        var ours = await pavel.GetAsync($"/api/v1/prompts/{one.Id()}/versions/2");
        Assert.Equal(theirs.Text("sha256"), ours.Text("sha256"));
        var diff = await pavel.GetAsync($"/api/v1/prompts/{one.Id()}/diff?from=1&to=2");
        Assert.Contains(
            diff.GetProperty("system").EnumerateArray(),
            part => part.Text("kind") == "inserted" && part.Text("text").Contains("please", StringComparison.Ordinal)
        );
        var wrong = await pavel.PostAsync(
            "/api/v1/prompts/import",
            new
            {
                format = "chancery-prompts-1",
                prompts = new object[]
                {
                    new
                    {
                        name = "answer",
                        production = 1,
                        versions = new[] { new { number = 1, content = new { system = "No mark.", text = "" } } },
                    },
                },
            },
            HttpStatusCode.BadRequest
        );
        Assert.True(
            wrong.GetProperty("errors").TryGetProperty("prompts[0].versions[0].content.system", out _),
            wrong.ToString()
        );
    }

    [Fact]
    public async Task A_file_of_a_prompt_with_many_versions_holds_the_one_that_everybody_gets()
    {
        var olga = await chancery.SignUpAsync();
        var pavel = await chancery.SignUpAsync();
        var prompt = await olga.PromptAsync("The first.", $"Old {Guid.CreateVersion7():n}");
        for (var number = 2; number <= 202; number++)
        {
            await VersionAsync(olga, prompt, $"Number {number}.");
        }

        var file = await olga.GetAsync("/api/v1/prompts/export");
        var imported = await pavel.PostAsync("/api/v1/prompts/import", file, HttpStatusCode.OK);

        var versions = file.GetProperty("prompts")[0].GetProperty("versions");
        Assert.Equal(
            (200, 1, 202),
            (
                versions.GetArrayLength(),
                versions[0].GetProperty("number").GetInt32(),
                versions[199].GetProperty("number").GetInt32()
            )
        );
        var one = imported.GetProperty("prompts")[0];
        Assert.Equal(1, one.GetProperty("production").GetInt32());
        var first = await pavel.GetAsync($"/api/v1/prompts/{one.Id()}/versions/1");
        Assert.Equal("The first.", first.GetProperty("content").Text("system"));
    }

    private static Task<Guid> AskedAsync(TestUser user, string question, int count, string expected) =>
        user.DatasetAsync([
            .. Enumerable
                .Range(0, count)
                .Select(i => (object)new { question = $"{question} Part {i}.", expected_answers = new[] { expected } }),
        ]);

    private static Task<JsonElement> SetAsync(TestUser user, Guid prompt, object gate) =>
        user.PutAsync($"/api/v1/prompts/{prompt}/gate", gate);

    private static async Task<JsonElement> ReportAsync(TestUser user, Guid prompt) =>
        (await user.GetAsync($"/api/v1/prompts/{prompt}/gate?version=2")).GetProperty("report");

    private static object Target(Guid prompt, int version) =>
        new
        {
            kind = "prompt",
            prompt,
            prompt_version = version,
        };

    private static Task<JsonElement> VersionAsync(TestUser user, Guid prompt, string system) =>
        user.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = PromptApi.Saying(system) },
            HttpStatusCode.Created
        );

    private static Task<JsonElement> StartAsync(TestUser user, Guid prompt, int version, HttpStatusCode expected) =>
        user.PostAsync($"/api/v1/prompts/{prompt}/rollout", new { version, why = "Better" }, expected);

    private static async Task<JsonElement[]> MovesAsync(TestUser user, int count)
    {
        for (var i = 0; i < 200; i++)
        {
            var found = (await user.GetAsync("/api/v1/audit?limit=50"))
                .Items()
                .Where(entry => entry.Text("action") is "prompt.label_moved" or "prompt.rollout_started")
                .Reverse()
                .ToArray();
            if (found.Length >= count)
            {
                return found;
            }

            await Task.Delay(50, Cancel);
        }

        throw new TimeoutException("The record does not hold them.");
    }

    private static string? DetailOf(JsonElement entry, string name) =>
        entry.TryGetProperty("details", out var details) && details.TryGetProperty(name, out var value)
            ? value.GetString()
            : null;
}
