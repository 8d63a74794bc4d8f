using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Limits;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Prompts;

/// <summary>
/// What a look at a rollout finds in the database and does, on two servers that do not look by themselves: a test says when, and at
/// which time.
/// </summary>
public sealed class RolloutLookTests(RolloutLookTests.Fixture chancery) : IClassFixture<RolloutLookTests.Fixture>
{
    private const int Looks = 6;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_two_servers_look_at_once_a_rollout_goes_on_once()
    {
        var olga = await chancery.SignUpAsync();
        await WatchAsync(olga, "/on");

        for (var i = 0; i < 3; i++)
        {
            var id = await VersionedAsync(olga);
            var rollout = await StartAsync(olga, id, Stages(30, 60));
            await UsesAsync(olga, id, rollout, 40, isTreated: false);
            await UsesAsync(olga, id, rollout, 40, isTreated: true);

            await LookAllAsync(olga, rollout);
            var seen = await olga.GetAsync($"{Of(id)}/rollout");

            Assert.Equal(["started", "advanced"], Events(seen));
            Assert.Equal((2, 60), (seen.GetProperty("stage").GetInt32(), seen.GetProperty("percent").GetDouble()));
            Assert.Equal(
                (40, 40),
                (Metric(seen, "control", "error").Observed, Metric(seen, "treatment", "error").Observed)
            );
        }

        Assert.Equal(0, await AlertsAsync(olga));
    }

    [Fact]
    public async Task Where_two_servers_look_at_once_at_harm_it_ends_once_and_one_alert_goes_out()
    {
        var olga = await chancery.SignUpAsync();
        await WatchAsync(olga, "/back");
        var id = await VersionedAsync(olga);
        var rollout = await StartAsync(olga, id, Stages(30, 60));
        await UsesAsync(olga, id, rollout, 60, isTreated: false);
        await UsesAsync(olga, id, rollout, 60, isTreated: true, outcome: "faulty");

        await LookAllAsync(olga, rollout);
        var seen = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal(["started", "killed"], Events(seen));
        Assert.Equal(1, await AlertsAsync(olga));
        await EventuallyAsync(() => chancery.Receiver.Arrived.Any(one => one.Path == "/back"));
        await LookAllAsync(olga, rollout);
        Assert.Equal(1, await AlertsAsync(olga));
        var told = Assert.Single(chancery.Receiver.Arrived, one => one.Path == "/back");
        Assert.Equal("rollout.killed", told.Json.Text("type"));
    }

    [Fact]
    public async Task Another_server_gives_the_former_version_within_two_seconds_of_a_rollback()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await StartAsync(olga, id, Stages(99.99, 100));
        using var other = chancery.ClientOfSecond(olga);
        var elsewhere = olga with { Http = other };
        Assert.Equal(2, await VersionAsync(elsewhere, id));

        await olga.PostAsync($"{Of(id)}/rollback", new { why = "measured" });
        var watch = Stopwatch.StartNew();
        while (await VersionAsync(elsewhere, id) != 1)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"Still the new one after {watch.Elapsed}.");
            await Task.Delay(10, Cancel);
        }

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(1, await VersionAsync(elsewhere, id));
        }
    }

    [Fact]
    public async Task What_is_being_answered_ends_on_the_version_that_it_began_with()
    {
        const string question = "When does the quarry in flight open?";
        const string spoken = "Answer like a quarryman";
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The quarry in flight opens at seven.");
        var id = (await olga.GetAsync("/api/v1/prompts")).Items().Single(one => one.Text("name") == "answer").Id();
        await olga.PostAsync(
            $"{Of(id)}/versions",
            new { content = new { system = $"{spoken}, from what stands between {{{{boundary}}}}.", text = "" } },
            HttpStatusCode.Created
        );
        await StartAsync(olga, id, Stages(99.99, 100));
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        var told = new List<bool>();
        chancery.Scripts["quarry in flight"] = request =>
        {
            lock (told)
            {
                told.Add(request.Prompt.Contains(spoken, StringComparison.Ordinal));
            }

            asked.TrySetResult();
            return new ScriptedReply("The quarry in flight opens at seven [1].") { Held = free.Task };
        };

        var answering = olga.PostAsync("/api/v1/chat", new { question });
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await olga.PostAsync($"{Of(id)}/rollback", new { why = "in flight" });
        var next = olga.PostAsync("/api/v1/chat", new { question = $"{question} And now?" });
        await EventuallyAsync(() => told.Count == 2);
        free.SetResult();

        Assert.Contains("at seven", (await answering).Text("answer"), StringComparison.Ordinal);
        Assert.Contains("at seven", (await next).Text("answer"), StringComparison.Ordinal);
        Assert.Equal([true, false], told);
        var runs = (await olga.GetAsync($"{Of(id)}/runs")).Items();
        Assert.Equal(
            [(1, "succeeded"), (2, "succeeded")],
            runs.Select(run => (run.GetProperty("version").GetInt32(), run.Text("outcome"))).Order()
        );
        Assert.Equal("rolled_back", (await olga.GetAsync($"{Of(id)}/rollout")).Text("state"));
    }

    [Fact]
    public async Task Slow_and_dear_are_what_the_controls_slowest_twentieth_and_dearest_tenth_were_and_failures_are_neither()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        // 1 to 100 ms and nano-dollars: the limits lie at 95.05 ms and at 90.
        await UsesAsync(olga, id, null, 100, isTreated: false, latency: "n", cost: "n");
        // What failed says nothing of how long an answer takes.
        await UsesAsync(olga, id, null, 100, isTreated: false, outcome: "failed", latency: "9999", cost: "9999");
        var rollout = await StartAsync(olga, id, Stages(30, 60, minUses: 10_000));
        await UsesAsync(olga, id, rollout, 100, isTreated: false, latency: "n", cost: "n");
        await UsesAsync(olga, id, rollout, 16, isTreated: false, outcome: "failed", latency: "9999", cost: "9999");
        await UsesAsync(olga, id, rollout, 10, isTreated: true, latency: "95", cost: "90");
        await UsesAsync(olga, id, rollout, 3, isTreated: true, latency: "95.1", cost: "90");
        await UsesAsync(olga, id, rollout, 2, isTreated: true, latency: "95", cost: "91");
        await UsesAsync(olga, id, rollout, 4, isTreated: true, outcome: "failed", latency: "9999", cost: "9999");
        await UsesAsync(olga, id, rollout, 5, isTreated: true, latency: "NULL", cost: "0");

        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal("running", seen.Text("state"));
        Assert.Equal((100, 5), Metric(seen, "control", "latency"));
        Assert.Equal((100, 10), Metric(seen, "control", "cost"));
        Assert.Equal((15, 3), Metric(seen, "treatment", "latency"));
        Assert.Equal((20, 2), Metric(seen, "treatment", "cost"));
        Assert.Equal((24, 4), Metric(seen, "treatment", "error"));
    }

    [Theory]
    [InlineData("96", "1", "were slower than the control's slowest twentieth")]
    [InlineData("1", "91", "cost more than the control's dearest tenth")]
    public async Task A_version_that_is_slow_or_dear_goes_back_by_the_rule(string latency, string cost, string why)
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        await UsesAsync(olga, id, null, 100, isTreated: false, latency: "n", cost: "n");
        var rollout = await StartAsync(olga, id, Stages(30, 60, minUses: 10_000));
        await UsesAsync(olga, id, rollout, 100, isTreated: false, latency: "n", cost: "n");
        await UsesAsync(olga, id, rollout, 100, isTreated: true, latency: latency, cost: cost);

        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal("rolled_back", seen.Text("state"));
        Assert.Contains(why, seen.Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Few_uses_of_the_control_say_neither_what_is_slow_nor_what_is_dear_until_there_are_fifty()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        var rollout = await StartAsync(olga, id, Stages(30, 60, minUses: 10_000));
        await UsesAsync(olga, id, rollout, 49, isTreated: false, latency: "n", cost: "n");
        await UsesAsync(olga, id, rollout, 40, isTreated: true, latency: "9999", cost: "9999");

        await LookAsync(olga, rollout);
        var before = await olga.GetAsync($"{Of(id)}/rollout");
        await UsesAsync(olga, id, rollout, 1, isTreated: false, latency: "n", cost: "n");
        await UsesAsync(olga, id, rollout, 2, isTreated: true, latency: "9999", cost: "9999");
        await LookAsync(olga, rollout);
        var after = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal((0, 0), Metric(before, "treatment", "latency"));
        Assert.Equal((0, 0), Metric(before, "treatment", "cost"));
        Assert.Equal((2, 2), Metric(after, "treatment", "latency"));
        Assert.Equal((2, 2), Metric(after, "treatment", "cost"));
    }

    [Fact]
    public async Task Most_of_the_last_two_minutes_held_back_by_a_guard_ends_a_rollout_at_once_and_older_ones_do_not()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        // The daily rule compares nothing: only the limit can end it today.
        var rollout = (
            await olga.PostAsync(
                $"{Of(id)}/rollout",
                new { version = 2, policy = "daily_error_rate" },
                HttpStatusCode.Created
            )
        ).Id();
        await UsesAsync(olga, id, rollout, 30, isTreated: false);
        await UsesAsync(olga, id, rollout, 9, isTreated: true, outcome: "guarded");
        // Nine are too few to end it by. These were held back by nobody, or three minutes ago.
        await UsesAsync(olga, id, rollout, 3, isTreated: true, outcome: "failed");
        await UsesAsync(olga, id, rollout, 5, isTreated: true, outcome: "guarded", secondsAgo: 180);

        await LookAsync(olga, rollout);
        var waits = await olga.GetAsync($"{Of(id)}/rollout");
        await UsesAsync(olga, id, rollout, 6, isTreated: true, outcome: "guarded");
        await LookAsync(olga, rollout);
        var ended = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal("running", waits.Text("state"));
        Assert.Equal("killed", ended.Text("state"));
        Assert.Contains("15 of 15 were held back by a guard", ended.Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_daily_rule_decides_at_midnight_and_no_sooner()
    {
        var olga = await chancery.SignUpAsync();
        await WatchAsync(olga, "/daily");
        var id = await VersionedAsync(olga);
        var started = await olga.PostAsync(
            $"{Of(id)}/rollout",
            new { version = 2, policy = "daily_error_rate" },
            HttpStatusCode.Created
        );
        var rollout = started.Id();
        var midnight = started.GetProperty("started_at").GetDateTimeOffset().UtcDateTime.Date.AddDays(1);
        // 4 of 100 today, 5 of 100 tomorrow: the limit is at 5 %.
        await UsesAsync(olga, id, rollout, 96, isTreated: true);
        await UsesAsync(olga, id, rollout, 4, isTreated: true, outcome: "faulty");

        await LookAsync(olga, rollout, midnight.AddSeconds(-1));
        var before = await olga.GetAsync($"{Of(id)}/rollout");
        await LookAsync(olga, rollout, midnight);
        var first = await olga.GetAsync($"{Of(id)}/rollout");
        await UsesAsync(olga, id, rollout, 95, isTreated: true);
        await UsesAsync(olga, id, rollout, 5, isTreated: true, outcome: "faulty");
        await LookAsync(olga, rollout, midnight.AddDays(1).AddSeconds(-1));
        var between = await olga.GetAsync($"{Of(id)}/rollout");
        await LookAllAsync(olga, rollout, midnight.AddDays(1));
        var second = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal("daily_error_rate", started.Text("policy"));
        Assert.Equal(("running", "not_due", 1), Stand(before));
        Assert.Equal(("running", 2), (first.Text("state"), first.GetProperty("stage").GetInt32()));
        Assert.Equal(("running", "not_due", 2), Stand(between));
        Assert.Equal("rolled_back", second.Text("state"));
        Assert.Equal(["started", "advanced", "rolled_back"], Events(second));
        Assert.Contains("5 of 100 did not succeed", second.Text("reason"), StringComparison.Ordinal);
        Assert.Equal(1, await AlertsAsync(olga));
    }

    [Fact]
    public async Task A_day_without_uses_moves_nothing_by_the_daily_rule()
    {
        var olga = await chancery.SignUpAsync();
        var id = await VersionedAsync(olga);
        var started = await olga.PostAsync(
            $"{Of(id)}/rollout",
            new { version = 2, policy = "daily_error_rate" },
            HttpStatusCode.Created
        );
        var midnight = started.GetProperty("started_at").GetDateTimeOffset().UtcDateTime.Date.AddDays(1);

        await LookAsync(olga, started.Id(), midnight);
        var seen = await olga.GetAsync($"{Of(id)}/rollout");

        Assert.Equal(("running", "gathering", 1), Stand(seen));
    }

    private static string Of(Guid id) => $"/api/v1/prompts/{id}";

    private static (string State, string Waiting, int Stage) Stand(JsonElement rollout) =>
        (rollout.Text("state"), rollout.Text("waiting"), rollout.GetProperty("stage").GetInt32());

    private static IEnumerable<string> Events(JsonElement rollout) =>
        rollout.GetProperty("events").EnumerateArray().Select(one => one.Text("kind"));

    private static (long Observed, long Bad) Metric(JsonElement rollout, string arm, string name)
    {
        var metric = rollout
            .GetProperty(arm)
            .GetProperty("metrics")
            .EnumerateArray()
            .Single(one => one.Text("metric") == name);
        return (metric.GetProperty("observed").GetInt64(), metric.GetProperty("bad").GetInt64());
    }

    private static async Task<Guid> VersionedAsync(TestUser user)
    {
        var id = await user.PromptAsync("One.");
        await user.PostAsync($"{Of(id)}/versions", new { content = PromptApi.Saying("Two.") }, HttpStatusCode.Created);
        return id;
    }

    /// <summary>Two stages before the last: out of the first by uses alone, out of the second not today.</summary>
    private static object[] Stages(double first, double second, long minUses = 20)
    {
        object Stage(double percent, double minHours) =>
            new
            {
                percent,
                min_uses = minUses,
                min_hours = minHours,
                max_hours = 24,
            };
        return second < 100
            ? [Stage(first, 0), Stage(second, 10), Stage(100, 0)]
            : [Stage(first, 10), Stage(second, 0)];
    }

    private static async Task<Guid> StartAsync(TestUser user, Guid id, object[] stages) =>
        (await user.PostAsync($"{Of(id)}/rollout", new { version = 2, stages }, HttpStatusCode.Created)).Id();

    private static async Task<int> VersionAsync(TestUser user, Guid id) =>
        (await user.PostAsync($"{Of(id)}/render", new { variables = new { topic = "x" } }))
            .GetProperty("version")
            .GetInt32();

    /// <summary>Uses as they stand in the database once they have ended.</summary>
    /// <param name="latency">SQL over the number <c>n</c> of the use, from 1; milliseconds.</param>
    /// <param name="cost">Likewise; nano-dollars.</param>
    private async Task UsesAsync(
        TestUser user,
        Guid prompt,
        Guid? rollout,
        int count,
        bool isTreated,
        string outcome = "succeeded",
        string latency = "5",
        string cost = "0",
        int secondsAgo = 0
    )
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var command = chancery.Owner.CreateCommand(
            $"""
            INSERT INTO prompt_runs (tenant_id, run_id, prompt_id, version, rollout_id, is_treated, outcome, latency_ms, cost_nano,
                                     principal_id, created_at, ended_at)
            SELECT $1, run, $2, $3, $4, $5, $6, {latency}, {cost}, $7, $8, $8
            FROM unnest($9) WITH ORDINALITY AS runs(run, n)
            """
        );
        foreach (
            var value in new object[]
            {
                user.TenantId,
                prompt,
                isTreated ? 2 : 1,
                (object?)rollout ?? DBNull.Value,
                isTreated,
                outcome,
                user.UserId,
                now.AddSeconds(-secondsAgo),
                Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7(now)).ToArray(),
            }
        )
        {
            command.Parameters.Add(
                value is DBNull
                    ? new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid }
                    : new NpgsqlParameter { Value = value }
            );
        }

        await command.ExecuteNonQueryAsync(Cancel);
    }

    private Task LookAsync(TestUser user, Guid rollout, DateTime? at = null) =>
        Steps(chancery.Services, at).LookAsync(new TenantId(user.TenantId), rollout, Cancel);

    /// <summary>Both servers look several times at the same moment.</summary>
    private async Task LookAllAsync(TestUser user, Guid rollout, DateTime? at = null)
    {
        using var ready = new Barrier(2 * Looks);
        await Task.WhenAll(
            chancery
                .Servers.SelectMany(server => Enumerable.Repeat(server, Looks))
                .Select(server =>
                    Task.Factory.StartNew(
                            () =>
                            {
                                ready.SignalAndWait(Cancel);
                                return Steps(server.Services, at)
                                    .LookAsync(new TenantId(user.TenantId), rollout, Cancel);
                            },
                            Cancel,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                        .Unwrap()
                )
        );
    }

    private static RolloutSteps Steps(IServiceProvider services, DateTime? at) =>
        at is { } time
            ? ActivatorUtilities.CreateInstance<RolloutSteps>(services, (TimeProvider)new FixedClock(time))
            : services.GetRequiredService<RolloutSteps>();

    private async Task WatchAsync(TestUser user, string path) =>
        await user.PutAsync(
            "/api/v1/alerts/webhook",
            new { url = chancery.Receiver.Address.AbsoluteUri.TrimEnd('/') + path }
        );

    /// <summary>Alerts that were put on their way, sent or not.</summary>
    private async Task<long> AlertsAsync(TestUser user)
    {
        await using var command = chancery.Owner.CreateCommand(
            "SELECT count(*) FROM work_items WHERE tenant_id = $1 AND kind = 'limit-alert'"
        );
        command.Parameters.AddWithValue(user.TenantId);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private static async Task EventuallyAsync(Func<bool> isSo)
    {
        var watch = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "It did not come.");
            await Task.Delay(20, Cancel);
        }
    }

    private sealed class FixedClock(DateTime now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(now, TimeSpan.Zero);
    }

    public sealed class Fixture : EvaluationFixture
    {
        private Uri _second = null!;

        public AlertReceiver Receiver { get; } = new();

        // Nobody looks but the tests.
        public Fixture() =>
            ConfigureServices = services =>
                services.Remove(services.Single(service => service.ImplementationType == typeof(RolloutWatch)));

        /// <summary>The same caller at the second server.</summary>
        public HttpClient ClientOfSecond(TestUser user)
        {
            var client = Client(_second);
            client.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
            return client;
        }

        public override async ValueTask InitializeAsync()
        {
            await Receiver.StartAsync();
            Settings["GUARDED_HTTP_ALLOW"] = Receiver.Address.Authority;
            await base.InitializeAsync();
            _second = await StartReplicaAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Receiver.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
