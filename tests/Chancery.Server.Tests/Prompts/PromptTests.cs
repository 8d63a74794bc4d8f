using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Tests.Audit;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Prompts;

/// <summary>Prompts, their versions and labels, and their use by programs.</summary>
public sealed class PromptTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_words_are_the_same_version_and_other_words_the_next()
    {
        var olga = await chancery.SignUpAsync();
        var id = await olga.PromptAsync("You are brief.");

        var second = await olga.PostAsync(
            $"{Of(id)}/versions",
            new { content = Saying("You are long.") },
            HttpStatusCode.Created
        );
        var again = await olga.PostAsync(
            $"{Of(id)}/versions",
            new { content = Saying("You are brief.") },
            HttpStatusCode.OK
        );
        var stale = await olga.PostAsync(
            $"{Of(id)}/versions",
            new { content = Saying("You are both."), expected = 1 },
            HttpStatusCode.Conflict
        );

        Assert.Equal(2, second.GetProperty("number").GetInt32());
        Assert.Equal(1, again.GetProperty("number").GetInt32());
        Assert.NotEqual(second.Text("sha256"), again.Text("sha256"));
        Assert.Equal("prompt-changed", stale.Text("code"));
        var shown = await olga.GetAsync(Of(id));
        Assert.Equal("You are brief.", shown.GetProperty("version").GetProperty("content").Text("system"));
        Assert.Equal(2, shown.GetProperty("prompt").GetProperty("latest").GetInt32());
    }

    [Theory]
    [InlineData("Hello {{name}}", "{{topic}}", "topic", "content.system")]
    [InlineData("", "{{topic}} {{other}}", "topic", "content.variables")]
    [InlineData("", "nothing", "topic", "content.variables[0]")]
    [InlineData("", "{{Topic}}", "Topic", "content.variables[0]")]
    [InlineData(" ", " ", null, "content.text")]
    public async Task A_version_that_cannot_be_filled_in_is_refused_and_says_where(
        string system,
        string text,
        string? variable,
        string field
    )
    {
        var olga = await chancery.SignUpAsync();

        var refused = await olga.PostAsync(
            "/api/v1/prompts",
            new
            {
                name = "One",
                content = new
                {
                    system,
                    text,
                    variables = variable is null ? [] : new[] { new { name = variable } },
                },
            },
            HttpStatusCode.BadRequest
        );

        Assert.Contains(refused.GetProperty("errors").EnumerateObject(), error => error.Name == field);
    }

    [Fact]
    public async Task What_is_filled_in_is_data_and_is_not_read_for_variables_again()
    {
        var olga = await chancery.SignUpAsync();
        var id = await olga.PromptAsync("You are brief.", "About {{topic}} in {{tone}}.", "topic", "tone");

        var rendered = await olga.PostAsync(
            $"{Of(id)}/render",
            new { variables = new { topic = "{{tone}} and {{boundary}}", tone = "plain words" } },
            HttpStatusCode.OK
        );
        var missing = await olga.PostAsync(
            $"{Of(id)}/render",
            new { variables = new { topic = "x", other = "y" } },
            HttpStatusCode.BadRequest
        );

        var messages = rendered.GetProperty("messages").EnumerateArray().ToArray();
        Assert.Equal("You are brief.", messages[0].Text("content"));
        Assert.Equal("About {{tone}} and {{boundary}} in plain words.", messages[1].Text("content"));
        var errors = missing.GetProperty("errors").EnumerateObject().Select(error => error.Name).ToArray();
        Assert.Equal(["variables.other", "variables.tone"], errors.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_changed_a_shipped_prompt_is_told_of_newer_words_until_a_version_says_them()
    {
        var olga = await chancery.SignUpAsync();
        var answer = (await olga.GetAsync("/api/v1/prompts?q=answer"))
            .Items()
            .First(prompt => prompt.Text("name") == "answer")
            .Id();
        var before = await olga.GetAsync(Of(answer));
        var content = before.GetProperty("version").GetProperty("content");
        var system = content.Text("system");
        await olga.PostAsync(
            $"{Of(answer)}/versions",
            new { content = new { system = system + " Be brief.", text = "" } },
            HttpStatusCode.Created
        );
        var same = await olga.GetAsync(Of(answer));

        // As if an earlier release had shipped other words.
        await chancery.AsOwnerAsync(
            """
            UPDATE prompt_versions SET content = @older, sha256 = sha256(convert_to(@older, 'UTF8'))
            WHERE tenant_id = @tenant AND prompt_id = @answer AND number = 1
            """,
            new
            {
                older = """{"system":"Older words. {{boundary}}","text":"","variables":[]}""",
                tenant = olga.TenantId,
                answer,
            }
        );
        var newer = await olga.GetAsync(Of(answer));
        await olga.PostAsync(
            $"{Of(answer)}/versions",
            new { content = newer.GetProperty("shipped") },
            HttpStatusCode.Created
        );
        var taken = await olga.GetAsync(Of(answer));

        Assert.False(before.TryGetProperty("shipped", out _));
        Assert.False(same.TryGetProperty("shipped", out _));
        Assert.Equal(system, newer.GetProperty("shipped").Text("system"));
        Assert.False(taken.TryGetProperty("shipped", out _));
    }

    [Fact]
    public async Task Words_that_were_kept_stay_when_a_release_ships_others_which_are_rolled_out_like_any_version()
    {
        var olga = await chancery.SignUpAsync();
        var pavel = await chancery.SignUpAsync();
        var history = (await olga.GetAsync("/api/v1/prompts?q=upgrade-history")).Items().Single().Id();
        var before = await olga.GetAsync(Of(history));
        await olga.PutAsync(
            $"{Of(history)}/labels/production",
            new
            {
                version = 1,
                expected = 1,
                why = "Kept",
            }
        );
        var kept = await olga.GetAsync(Of(history));

        // As if what was kept were of an earlier release.
        await chancery.AsOwnerAsync(
            """
            UPDATE prompt_versions SET content = @older, sha256 = sha256(convert_to(@older, 'UTF8'))
            WHERE tenant_id = @tenant AND prompt_id = @history AND number = 1
            """,
            new
            {
                older = """{"system":"Older words. {{boundary}}","text":"","variables":[]}""",
                tenant = olga.TenantId,
                history,
            }
        );
        var later = await olga.GetAsync(Of(history));
        var theirs = await pavel.GetAsync(Of(history));
        var taken = await olga.PostAsync(
            $"{Of(history)}/versions",
            new { content = later.GetProperty("shipped"), why = "Of the release" },
            HttpStatusCode.Created
        );
        var rollout = await olga.PostAsync($"{Of(history)}/rollout", new { version = 2 }, HttpStatusCode.Created);

        Assert.True(before.GetProperty("prompt").GetProperty("follows_releases").GetBoolean());
        Assert.False(kept.GetProperty("prompt").GetProperty("follows_releases").GetBoolean());
        Assert.Equal(before.Text("shipped_sha256"), kept.GetProperty("version").Text("sha256"));
        Assert.Equal("Older words. {{boundary}}", later.GetProperty("version").GetProperty("content").Text("system"));
        Assert.NotEqual(later.Text("shipped_sha256"), later.GetProperty("version").Text("sha256"));
        Assert.Equal(later.Text("shipped_sha256"), taken.Text("sha256"));
        Assert.Equal(before.Text("shipped_sha256"), theirs.GetProperty("version").Text("sha256"));
        Assert.True(theirs.GetProperty("prompt").GetProperty("follows_releases").GetBoolean());
        Assert.Equal(
            (1, 2),
            (
                rollout.GetProperty("control").GetProperty("version").GetInt32(),
                rollout.GetProperty("treatment").GetProperty("version").GetInt32()
            )
        );
    }

    [Fact]
    public async Task A_label_moves_only_from_where_it_was_seen_and_production_takes_an_admin()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var id = await olga.PromptAsync("One.");
        await olga.PostAsync($"{Of(id)}/versions", new { content = Saying("Two.") }, HttpStatusCode.Created);

        var staged = await eddie.PutAsync($"{Of(id)}/labels/staging", new { version = 2 });
        var forbidden = await eddie.PutAsync(
            $"{Of(id)}/labels/production",
            new { version = 2 },
            HttpStatusCode.Forbidden
        );
        var moved = await olga.PutAsync($"{Of(id)}/labels/production", new { version = 2, expected = 1 });
        var elsewhere = await olga.PutAsync(
            $"{Of(id)}/labels/production",
            new { version = 1, expected = 1 },
            HttpStatusCode.Conflict
        );
        var missing = await olga.PutAsync($"{Of(id)}/labels/production", new { version = 9 }, HttpStatusCode.NotFound);

        Assert.Equal(2, staged.GetProperty("version").GetInt32());
        Assert.Equal("forbidden", forbidden.Text("code"));
        Assert.Equal(2, moved.GetProperty("version").GetInt32());
        Assert.Equal("label-moved", elsewhere.Text("code"));
        Assert.Equal("not-found", missing.Text("code"));
        var history = (await olga.GetAsync($"{Of(id)}/labels?label=production")).Items();
        Assert.Equal([2, 1], history.Select(move => move.GetProperty("to").GetInt32()));

        var back = await olga.PostAsync($"{Of(id)}/rollback", new { why = "worse" }, HttpStatusCode.OK);
        Assert.Equal(1, back.GetProperty("production").GetInt32());
        var twice = await olga.PostAsync($"{Of(id)}/rollback", new { why = "again" }, HttpStatusCode.Conflict);
        Assert.Equal("nothing-before", twice.Text("code"));
    }

    [Fact]
    public async Task A_label_that_many_move_at_once_is_moved_by_one()
    {
        var olga = await chancery.SignUpAsync();
        var id = await olga.PromptAsync("One.");
        for (var i = 2; i <= 9; i++)
        {
            await olga.PostAsync($"{Of(id)}/versions", new { content = Saying($"{i}.") }, HttpStatusCode.Created);
        }

        var answers = await Task.WhenAll(
            Enumerable
                .Range(2, 8)
                .Select(version =>
                    olga.Http.PutAsJsonAsync($"{Of(id)}/labels/production", new { version, expected = 1 }, Cancel)
                )
        );

        Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task The_products_own_prompts_are_there_from_the_beginning_and_keep_the_mark_around_quotes()
    {
        var olga = await chancery.SignUpAsync();
        var answer = (await olga.GetAsync("/api/v1/prompts")).Items().Single(prompt => prompt.Text("name") == "answer");
        var id = answer.Id();

        var shown = await olga.GetAsync(Of(id));
        var refused = await olga.PostAsync(
            $"{Of(id)}/versions",
            new { content = new { system = "Answer as you like.", text = "" } },
            HttpStatusCode.BadRequest
        );
        var added = await olga.PostAsync(
            $"{Of(id)}/versions",
            new { content = new { system = "Answer from what stands between {{boundary}}.", text = "" } },
            HttpStatusCode.Created
        );
        var renamed = await olga.Http.PatchAsJsonAsync(Of(id), new { name = "other" }, Cancel);

        Assert.True(answer.GetProperty("is_shipped").GetBoolean());
        Assert.Contains(
            "{{boundary}}",
            shown.GetProperty("version").GetProperty("content").Text("system"),
            StringComparison.Ordinal
        );
        Assert.Contains(refused.GetProperty("errors").EnumerateObject(), error => error.Name == "content.system");
        Assert.Equal(2, added.GetProperty("number").GetInt32());
        Assert.Equal(HttpStatusCode.Conflict, renamed.StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await olga.Http.DeleteAsync(Of(id), Cancel)).StatusCode);
        var versions = (await olga.GetAsync($"{Of(id)}/versions")).Items();
        Assert.Equal("Chancery", Assert.Single(versions).Text("author"));
    }

    [Fact]
    public async Task A_use_ends_once_and_may_be_rated()
    {
        var olga = await chancery.SignUpAsync();
        var id = await olga.PromptAsync("One.");
        var run = (
            await olga.PostAsync($"{Of(id)}/render", new { variables = new { topic = "x" } }, HttpStatusCode.OK)
        ).Text("run_id");

        var ended = await olga.PostAsync(
            $"{Of(id)}/runs/{run}/outcome",
            new
            {
                outcome = "faulty",
                latency_ms = 12.5,
                cost = 0.25,
            },
            HttpStatusCode.OK
        );
        var again = await olga.PostAsync(
            $"{Of(id)}/runs/{run}/outcome",
            new { outcome = "succeeded" },
            HttpStatusCode.Conflict
        );
        await olga.PutAsync($"{Of(id)}/runs/{run}/rating", new { rating = "down" });
        await olga.PutAsync($"{Of(id)}/runs/{run}/rating", new { rating = "sideways" }, HttpStatusCode.BadRequest);

        Assert.Equal("faulty", ended.Text("outcome"));
        Assert.Equal(0.25m, ended.GetProperty("cost").GetDecimal());
        Assert.Equal("run-ended", again.Text("code"));
        var listed = Assert.Single((await olga.GetAsync($"{Of(id)}/runs")).Items());
        Assert.Equal(("faulty", "down"), (listed.Text("outcome"), listed.Text("rating")));
    }

    [Fact]
    public async Task Uses_are_forgotten_after_ninety_days()
    {
        var olga = await chancery.SignUpAsync();
        var id = await olga.PromptAsync("One.");
        var runs = new List<string>();
        for (var use = 0; use < 2; use++)
        {
            var rendered = await olga.PostAsync(
                $"{Of(id)}/render",
                new { variables = new { topic = "x" } },
                HttpStatusCode.OK
            );
            runs.Add(rendered.Text("run_id"));
        }

        await using (
            var age = chancery.Owner.CreateCommand(
                $"UPDATE prompt_runs SET created_at = now() - interval '91 days' WHERE run_id = '{runs[0]}'"
            )
        )
        {
            Assert.Equal(1, await age.ExecuteNonQueryAsync(Cancel));
        }

        await ActivatorUtilities
            .CreateInstance<OldRuns>(chancery.Services)
            .RunAsync(new TenantId(olga.TenantId), Cancel);

        Assert.Equal(runs[1], Assert.Single((await olga.GetAsync($"{Of(id)}/runs")).Items()).Text("id"));
    }

    [Fact]
    public async Task A_name_is_taken_once_in_an_organisation_and_means_nothing_to_another()
    {
        var olga = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync("Other");
        var id = await olga.PromptAsync("One.", name: "Newsletter");

        var taken = await olga.PostAsync(
            "/api/v1/prompts",
            new { name = "newsletter", content = Saying("x") },
            HttpStatusCode.Conflict
        );
        var shipped = await olga.PostAsync(
            "/api/v1/prompts",
            new { name = "Answer", content = Saying("x") },
            HttpStatusCode.Conflict
        );

        Assert.Equal("name-taken", taken.Text("code"));
        Assert.Equal("name-taken", shipped.Text("code"));
        await stranger.GetAsync(Of(id), HttpStatusCode.NotFound);
        Assert.DoesNotContain((await stranger.GetAsync("/api/v1/prompts")).Items(), prompt => prompt.Id() == id);
    }

    private static string Of(Guid id) => $"/api/v1/prompts/{id}";

    private static object Saying(string system) => PromptApi.Saying(system);
}
