using System.Net;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Limits;

/// <summary>What an organisation is told at its address of its rollouts and of its nights.</summary>
public sealed class NoticeTests(NoticeTests.Fixture chancery) : IClassFixture<NoticeTests.Fixture>
{
    private const string Route = "/api/v1/alerts/webhook";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rollout_that_goes_back_by_itself_is_told_once_signed_and_to_its_organisation_alone()
    {
        var (olga, secret) = await WatchedAsync("/olga");
        await WatchedAsync("/other");
        // The first two times nobody is at home.
        chancery.Receiver.Failing[olga.TenantId] = 2;
        var prompt = await RollOutAsync(olga, minUses: 1000, maxHours: 1000);
        await UseAsync(olga, prompt, 60, isTreated => isTreated ? "faulty" : "succeeded");

        var told = Assert.Single(await ToldAsync(1));

        Assert.Contains(told.Json.Text("type"), new[] { "rollout.rolled_back", "rollout.killed" });
        Assert.Equal(("/olga", olga.TenantId), (told.Path, told.Organisation));
        Assert.True(told.IsSignedWith(secret));
        Assert.Equal(prompt, told.Json.GetProperty("prompt_id").GetGuid());
        Assert.Equal(
            (1, 2, 0),
            (
                told.Json.GetProperty("control").GetInt32(),
                told.Json.GetProperty("treatment").GetInt32(),
                told.Json.GetProperty("exposure").GetInt32()
            )
        );
        Assert.Contains(told.Json.Text("metric"), new[] { "error", "prompt_fault" });
        Assert.True(
            told.Json.GetProperty("treatment_bad").GetInt64() > told.Json.GetProperty("control_bad").GetInt64()
        );
        Assert.Equal(0, chancery.Receiver.Failing[olga.TenantId]);
        Assert.DoesNotContain("Newsletter", told.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollout_that_waits_for_a_person_says_so_once()
    {
        var (olga, _) = await WatchedAsync("/waits");
        var prompt = await RollOutAsync(olga, minUses: 1000, maxHours: 0.0001);
        var rollout = (await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout")).Id();
        await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
        for (var i = 0; i < 3; i++)
        {
            await chancery
                .Services.GetRequiredService<RolloutSteps>()
                .LookAsync(new TenantId(olga.TenantId), rollout, Cancel);
        }

        var told = Assert.Single(await ToldAsync(1, "/waits"));

        Assert.Equal(("rollout.waiting", "low_traffic"), (told.Json.Text("type"), told.Json.Text("waiting")));
        Assert.Equal(50, told.Json.GetProperty("exposure").GetInt32());
        Assert.False(told.Json.TryGetProperty("metric", out _));
    }

    [Fact]
    public async Task A_night_that_fell_is_told_with_the_scores_that_did()
    {
        var (olga, secret) = await WatchedAsync("/night");
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the knot is sixty days.", "terms.md");
        var answer = "The notice period is sixty days [1].";
        chancery.Scripts["of the knot"] = _ => new ScriptedReply(answer);
        await olga.PostAsync(
            EvaluationApi.Datasets,
            new
            {
                name = "Night",
                is_active = true,
                questions = Enumerable
                    .Range(1, 8)
                    .Select(number => new
                    {
                        question = $"The notice period, number {number} of the knot?",
                        expected_answers = new[] { "sixty days" },
                    }),
            },
            HttpStatusCode.Created
        );

        await NightAsync(olga);
        await using (
            var command = chancery.Owner.CreateCommand(
                "UPDATE eval_runs SET created_at = created_at - interval '1 day'"
            )
        )
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        answer = "Nobody knows.";
        var run = await NightAsync(olga);
        var told = Assert.Single(await ToldAsync(1, "/night"));

        Assert.True(told.IsSignedWith(secret));
        Assert.Equal("evaluation.regressed", told.Json.Text("type"));
        Assert.Equal(run, told.Json.GetProperty("run_id").GetGuid());
        var fallen = told.Json.GetProperty("scores").EnumerateArray().ToArray();
        Assert.Contains("contains_answer", fallen.Select(score => score.Text("name")));
        Assert.All(fallen, score => Assert.True(score.GetProperty("high").GetDouble() < 0));
        Assert.DoesNotContain("knot", told.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_night_that_reached_its_cap_is_told_with_how_far_it_came()
    {
        var (olga, _) = await WatchedAsync("/capped");
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the ruff is sixty days.", "terms.md");
        chancery.Scripts["of the ruff"] = _ => new ScriptedReply("The notice period is sixty days [1].");
        await olga.PostAsync(
            EvaluationApi.Datasets,
            new
            {
                name = "Capped",
                is_active = true,
                nightly_cap_usd = 0.1,
                questions = Enumerable
                    .Range(1, 3)
                    .Select(number => new { question = $"The notice period, number {number} of the ruff?" }),
            },
            HttpStatusCode.Created
        );

        var run = await NightAsync(olga, "over_cap");
        var told = Assert.Single(await ToldAsync(1, "/capped"));

        Assert.Equal("evaluation.over_cap", told.Json.Text("type"));
        Assert.Equal(run, told.Json.GetProperty("run_id").GetGuid());
        Assert.Equal((1, 3), (told.Json.GetProperty("asked").GetInt32(), told.Json.GetProperty("total").GetInt32()));
        Assert.False(told.Json.TryGetProperty("scores", out _));
    }

    [Fact]
    public async Task Nothing_of_one_organisation_is_put_on_its_way_to_another()
    {
        var (olga, _) = await WatchedAsync("/mine");
        var other = await chancery.SignUpAsync();
        var alert = new RolloutAlert(
            RolloutAlert.Waits,
            other.TenantId,
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            1,
            2,
            50,
            null,
            "undecided",
            null,
            null,
            null,
            null,
            TimeProvider.System.GetUtcNow()
        );
        await using var session = await chancery
            .Services.GetRequiredService<TenantDatabase>()
            .OpenAsync(new TenantId(olga.TenantId), Cancel);

        await Assert.ThrowsAsync<ArgumentException>(() =>
            chancery.Services.GetRequiredService<AlertQueue>().TellAsync(session, alert, Cancel)
        );
    }

    [Fact]
    public async Task An_address_that_became_an_inner_one_is_not_called()
    {
        var (olga, _) = await WatchedAsync("/moved");
        // As where a name leads elsewhere by the time that there is something to tell.
        await using (
            var command = chancery.Owner.CreateCommand(
                $"UPDATE alert_webhooks SET url = 'http://127.0.0.1:{chancery.Address.Port}/api/v1/health' WHERE tenant_id = '{olga.TenantId}'"
            )
        )
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var tried = await olga.PostAsync($"{Route}/test", new { }, HttpStatusCode.OK);

        Assert.False(tried.GetProperty("delivered").GetBoolean());
        Assert.Equal("Inside", tried.Text("failure"));
    }

    private async Task<(TestUser User, string Secret)> WatchedAsync(string path)
    {
        var user = await chancery.SignUpAsync();
        var view = await user.PutAsync(Route, new { url = chancery.Receiver.Address.AbsoluteUri.TrimEnd('/') + path });
        return (user, view.Text("secret"));
    }

    private static async Task<Guid> RollOutAsync(TestUser user, int minUses, double maxHours)
    {
        var prompt = await user.PromptAsync("You write a newsletter.", "Newsletter {{topic}}");
        await user.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = PromptApi.Saying("You write a short newsletter.") },
            HttpStatusCode.Created
        );
        await user.PostAsync(
            $"/api/v1/prompts/{prompt}/rollout",
            new
            {
                version = 2,
                unit = "conversation",
                stages = new[]
                {
                    new
                    {
                        percent = 50,
                        min_uses = minUses,
                        min_hours = 0.0,
                        max_hours = maxHours,
                    },
                    new
                    {
                        percent = 100,
                        min_uses = 0,
                        min_hours = 0.0,
                        max_hours = 1000.0,
                    },
                },
            },
            HttpStatusCode.Created
        );
        return prompt;
    }

    private static async Task UseAsync(TestUser user, Guid prompt, int count, Func<bool, string> outcome)
    {
        for (var i = 0; i < count; i++)
        {
            var use = await user.PostAsync(
                $"/api/v1/prompts/{prompt}/render",
                new { variables = new { topic = "x" }, unit = $"unit-{i}" },
                HttpStatusCode.OK
            );
            await user.PostAsync(
                $"/api/v1/prompts/{prompt}/runs/{use.Text("run_id")}/outcome",
                new { outcome = outcome(use.GetProperty("version").GetInt32() == 2), latency_ms = 5 },
                HttpStatusCode.OK
            );
        }
    }

    /// <summary>A night, whose run has ended.</summary>
    private async Task<Guid> NightAsync(TestUser user, string state = "done")
    {
        Assert.Equal(0, await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("evaluation", Cancel));
        var run = (await user.GetAsync(EvaluationApi.Runs)).Items()[0].Id();
        await user.EndedAsync(run, state);
        return run;
    }

    /// <summary>What arrived, and nothing more by a while later.</summary>
    private async Task<IReadOnlyList<AlertArrival>> ToldAsync(int count, string path = "/olga")
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(30);
        while (Of().Count < count && TimeProvider.System.GetUtcNow() < deadline)
        {
            await Task.Delay(25, Cancel);
        }

        await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
        return Of();

        // The other organisation's address gets nothing at all.
        List<AlertArrival> Of() =>
            [.. chancery.Receiver.Arrived.Where(one => one.Path == path || one.Path == "/other")];
    }

    public sealed class Fixture : EvaluationFixture
    {
        public AlertReceiver Receiver { get; } = new();

        public override async ValueTask InitializeAsync()
        {
            await Receiver.StartAsync();
            Settings["GUARDED_HTTP_ALLOW"] = Receiver.Address.Authority;
            Settings["WORK_RETRY_MILLISECONDS"] = "10";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Receiver.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
