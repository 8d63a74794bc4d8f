using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Prompts;

/// <summary>Versions that are given to a few, and go on or back.</summary>
public sealed class RolloutTests(ContractModelFixture chancery) : IClassFixture<ContractModelFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_unit_gets_the_same_version_each_time_and_keeps_the_new_one_as_the_share_grows()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(30, minHours: 10), Stage(60, minHours: 10), Stage(100));

        var first = await TreatedAsync(olga, id, 60);
        var again = await TreatedAsync(olga, id, 60);
        var advanced = await olga.PostAsync($"{Of(id)}/rollout/advance", new { why = "looks good" }, HttpStatusCode.OK);
        var more = await TreatedAsync(olga, id, 60);

        Assert.Equal(first, again);
        Assert.InRange(first.Count, 6, 32);
        Assert.Equal(60, advanced.GetProperty("percent").GetDouble());
        Assert.Superset(first, more);
        Assert.True(more.Count > first.Count);
    }

    [Fact]
    public async Task A_version_that_does_harm_is_turned_back_within_seconds_on_every_server_and_stays_back()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(50, minHours: 10), Stage(100));
        await UseAsync(olga, id, 60, isTreated => isTreated ? "faulty" : "succeeded");

        var ended = await EndedAsync(olga, id);
        using var other = ChanceryFixture.Client(await chancery.StartReplicaAsync());
        other.DefaultRequestHeaders.Authorization = olga.Http.DefaultRequestHeaders.Authorization;
        var elsewhere = await (olga with { Http = other }).PostAsync(
            $"{Of(id)}/render",
            new { variables = new { topic = "x" }, unit = "unit-1" },
            HttpStatusCode.OK
        );
        var refused = await olga.PostAsync($"{Of(id)}/rollout", new { version = 2 }, HttpStatusCode.Conflict);

        Assert.Contains(ended.Text("state"), new[] { "killed", "rolled_back" });
        Assert.Matches("did not succeed|could not be used", ended.Text("reason"));
        Assert.Equal(0, ended.GetProperty("percent").GetDouble());
        Assert.Empty(await TreatedAsync(olga, id, 20));
        Assert.Equal(1, elsewhere.GetProperty("version").GetInt32());
        Assert.Equal("turned-back-before", refused.Text("code"));
        await olga.PostAsync($"{Of(id)}/rollout", new { version = 2, again = true }, HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_version_that_does_none_comes_into_production()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(50, minUses: 10), Stage(100));
        await UseAsync(olga, id, 60, _ => "succeeded");

        var ended = await EndedAsync(olga, id);
        var shown = await olga.GetAsync(Of(id));
        var back = await olga.PostAsync($"{Of(id)}/rollback", new { why = "changed our minds" }, HttpStatusCode.OK);

        Assert.Equal("complete", ended.Text("state"));
        Assert.Equal(2, shown.GetProperty("prompt").GetProperty("production").GetInt32());
        Assert.Equal(1, back.GetProperty("production").GetInt32());
        Assert.Equal(
            ["started", "complete"],
            ended.GetProperty("events").EnumerateArray().Select(one => one.Text("kind"))
        );
    }

    [Fact]
    public async Task A_providers_outage_hits_both_arms_and_turns_nothing_back()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(50, minHours: 10), Stage(100));
        await UseAsync(olga, id, 80, _ => "failed");

        await LookAsync(olga, id);
        var seen = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal("running", seen.Text("state"));
        Assert.Equal(80, Uses(seen, "control") + Uses(seen, "treatment"));
    }

    [Fact]
    public async Task A_rollout_that_cannot_be_read_stops_neither_the_server_nor_the_other_rollouts()
    {
        var olga = await chancery.SignUpAsync();
        Guid[] broken = [await VersionedAsync(olga), await VersionedAsync(olga)];
        foreach (var one in broken)
        {
            await StartAsync(olga, one, Stage(50, minHours: 10), Stage(100));
        }

        // Looked at before all others, and at each look.
        const string seen = "looked_at = now() - interval '1 day' WHERE state = 'running' AND prompt_id = ";
        await ExecuteAsync($"UPDATE prompt_rollouts SET plan = '{{}}', {seen}'{broken[0]}'");
        await ExecuteAsync(
            $"UPDATE prompt_rollouts SET progress = jsonb_set(progress, '{{stage}}', '-1'), {seen}'{broken[1]}'"
        );
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(50, minUses: 10), Stage(100));
        await UseAsync(olga, id, 60, _ => "succeeded");

        var ended = await EndedAsync(olga, id);

        Assert.Equal("complete", ended.Text("state"));
        await ExecuteAsync($"DELETE FROM prompts WHERE prompt_id IN ('{broken[0]}', '{broken[1]}')");
    }

    [Fact]
    public async Task Each_use_is_counted_once_however_many_look()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(50, minHours: 10), Stage(100));
        await UseAsync(olga, id, 50, _ => "succeeded");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => LookAsync(olga, id)));
        await LookAsync(olga, id);
        var seen = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal(50, Uses(seen, "control") + Uses(seen, "treatment"));
    }

    [Fact]
    public async Task While_a_rollout_runs_production_stays_and_no_other_begins()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stage(50), Stage(100, minHours: 1));

        var moved = await olga.PutAsync($"{Of(id)}/labels/production", new { version = 2 }, HttpStatusCode.Conflict);
        var second = await olga.PostAsync($"{Of(id)}/rollout", new { version = 2 }, HttpStatusCode.Conflict);
        await eddie.PostAsync($"{Of(id)}/rollback", new { }, HttpStatusCode.Forbidden);
        var back = await olga.PostAsync($"{Of(id)}/rollback", new { why = "no" }, HttpStatusCode.OK);

        Assert.Equal("rollout-running", moved.Text("code"));
        Assert.Equal("rollout-running", second.Text("code"));
        Assert.Equal("rolled_back", back.GetProperty("rollout").Text("state"));
        Assert.Equal("no", back.GetProperty("rollout").Text("reason"));
    }

    [Theory]
    [InlineData("""{"version":2,"stages":[{"percent":50,"min_uses":1,"min_hours":0,"max_hours":1}]}""")]
    [InlineData(
        """{"version":2,"stages":[{"percent":50,"min_uses":1,"min_hours":2,"max_hours":1},{"percent":100,"min_uses":0,"min_hours":0,"max_hours":1}]}"""
    )]
    [InlineData("""{"version":2,"stages":[]}""")]
    [InlineData("""{"version":2,"unit":"planet"}""")]
    [InlineData("""{"version":2,"policy":"hope"}""")]
    public async Task A_plan_that_cannot_be_followed_is_refused(string plan)
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);

        await olga.PostAsync(
            $"{Of(id)}/rollout",
            JsonSerializer.Deserialize<JsonElement>(plan),
            HttpStatusCode.BadRequest
        );
    }

    [Fact]
    public async Task The_words_that_answers_are_asked_with_are_those_of_the_version_in_production()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The quarry opens at seven.");
        var id = (await olga.GetAsync("/api/v1/prompts"))
            .Items()
            .Single(prompt => prompt.Text("name") == "answer")
            .Id();
        await olga.PostAsync(
            $"{Of(id)}/versions",
            new
            {
                content = new { system = "Answer like a quarryman, from what stands between {{boundary}}.", text = "" },
            },
            HttpStatusCode.Created
        );
        await olga.PutAsync($"{Of(id)}/labels/production", new { version = 2 });
        chancery.Scripts["like a quarryman"] = _ => new ScriptedReply("At seven [1].");

        var answer = await olga.PostAsync(
            "/api/v1/chat",
            new { question = "When does the quarry open?" },
            HttpStatusCode.OK
        );

        Assert.Contains("At seven", answer.Text("answer"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            chancery.RequestsOf("like a quarryman"),
            request => request.Prompt.Contains("{{boundary}}", StringComparison.Ordinal)
        );
        var run = Assert.Single((await olga.GetAsync($"{Of(id)}/runs")).Items());
        Assert.Equal(("succeeded", 2), (run.Text("outcome"), run.GetProperty("version").GetInt32()));
    }

    private static string Of(Guid id) => $"/api/v1/prompts/{id}";

    private static async Task<Guid> VersionedAsync(TestUser user)
    {
        var id = await user.PromptAsync("One.");
        await user.PostAsync($"{Of(id)}/versions", new { content = PromptApi.Saying("Two.") }, HttpStatusCode.Created);
        return id;
    }

    private static object Stage(double percent, long minUses = 0, double minHours = 0) =>
        new
        {
            percent,
            min_uses = minUses,
            min_hours = minHours,
            max_hours = 24,
        };

    private static Task<JsonElement> StartAsync(TestUser user, Guid id, params object[] stages) =>
        user.PostAsync(
            $"{Of(id)}/rollout",
            new
            {
                version = 2,
                unit = "conversation",
                stages,
            },
            HttpStatusCode.Created
        );

    private static async Task<HashSet<int>> TreatedAsync(TestUser user, Guid id, int units)
    {
        var treated = new HashSet<int>();
        for (var unit = 0; unit < units; unit++)
        {
            var rendered = await RenderAsync(user, id, unit);
            if (rendered.GetProperty("version").GetInt32() == 2)
            {
                treated.Add(unit);
            }
        }

        return treated;
    }

    private static async Task UseAsync(TestUser user, Guid id, int units, Func<bool, string> outcome)
    {
        for (var unit = 0; unit < units; unit++)
        {
            var rendered = await RenderAsync(user, id, unit);
            await user.PostAsync(
                $"{Of(id)}/runs/{rendered.Text("run_id")}/outcome",
                new { outcome = outcome(rendered.GetProperty("version").GetInt32() == 2), latency_ms = 5 },
                HttpStatusCode.OK
            );
        }
    }

    private static Task<JsonElement> RenderAsync(TestUser user, Guid id, int unit) =>
        user.PostAsync(
            $"{Of(id)}/render",
            new { variables = new { topic = "x" }, unit = $"unit-{unit}" },
            HttpStatusCode.OK
        );

    private async Task ExecuteAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task LookAsync(TestUser user, Guid id)
    {
        var rollout = (await user.GetAsync($"{Of(id)}/rollout")).Id();
        await chancery
            .Services.GetRequiredService<RolloutSteps>()
            .LookAsync(new TenantId(user.TenantId), rollout, Cancel);
    }

    /// <summary>The rollout once it has ended; nobody but the server looks at it.</summary>
    private static async Task<JsonElement> EndedAsync(TestUser user, Guid id)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(60);
        while (true)
        {
            var rollout = await user.GetAsync($"{Of(id)}/rollout");
            if (rollout.Text("state") != "running")
            {
                return rollout;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Still {rollout}");
            await Task.Delay(200, Cancel);
        }
    }

    private static long Uses(JsonElement rollout, string arm) =>
        rollout.GetProperty(arm).GetProperty("uses").GetInt64();
}
