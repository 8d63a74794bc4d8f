using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Access;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Prompts.Releases;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Tests.Audit;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Upgrade.Pipeline;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Prompts;

/// <summary>
/// New words of a release on their way to everybody who follows releases: servers of several builds on one database, of which none looks by
/// itself.
/// </summary>
public sealed class ReleaseTests(ReleaseTests.Fixture chancery) : IClassFixture<ReleaseTests.Fixture>
{
    private const string A = "Words of the first release. {{boundary}}";
    private const string B = "Words of the second release. {{boundary}}";
    private const string C = "Words of the third release. {{boundary}}";

    private static readonly RunResult _succeeded = new(RunOutcome.Succeeded, LatencyMs: 100);
    private static readonly RunResult _faulty = new(RunOutcome.Faulty, LatencyMs: 100);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_words_are_everybodys_at_once_and_a_server_that_starts_again_changes_nothing()
    {
        var prompt = Guid.CreateVersion7();
        var first = await StartAsync(prompt, A);
        var again = await StartAsync(prompt, A);
        var olga = Of(await chancery.SignUpAsync());

        foreach (var server in new[] { first, again })
        {
            var use = await server.PickAsync(olga, Guid.CreateVersion7());
            Assert.Equal((A, null, false), (use.Content.System, use.Rollout, use.IsTreated));
        }

        var release = Assert.Single(await ReleasesAsync(prompt));
        Assert.Equal(("first", null), (release.State, release.FormerSha256));
    }

    [Fact]
    public async Task New_words_are_dealt_to_the_same_conversations_each_time_and_to_more_at_each_stage()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var (one, other) = (await StartAsync(prompt, B, Stages(2_000, 6_000)), await StartAsync(prompt, B));
        var olga = Of(await chancery.SignUpAsync());
        var conversations = Enumerable.Range(0, 150).Select(_ => Guid.CreateVersion7()).ToArray();

        var few = await TreatedAsync(one, olga, conversations);
        var same = await TreatedAsync(other, olga, conversations);
        var release = (await ReleasesAsync(prompt))[0];
        await one.Steps.AdvanceAsync(release.Id, "Ola", "more", again: false, seen: 0, Cancel);
        var more = await TreatedAsync(other, olga, conversations);
        await one.Steps.AdvanceAsync(release.Id, "Ola", "all", again: false, seen: null, Cancel);
        var all = await other.PickAsync(olga, conversations[0]);

        Assert.InRange(few.Count, 10, 55);
        Assert.Equal(few, same);
        Assert.InRange(more.Count, 65, 115);
        Assert.Superset(few, more);
        Assert.Equal((B, null), (all.Content.System, all.Rollout));
        var complete = (await ReleasesAsync(prompt)).Single(one => one.Id == release.Id);
        Assert.Equal(("complete", "Ola", "all"), (complete.State, complete.EndedBy, complete.Reason));
    }

    [Fact]
    public async Task Harmful_words_are_turned_back_by_what_all_organisations_show_and_stay_so_until_others_come()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var (one, other) = (await StartAsync(prompt, B, Stages(5_000)), await StartAsync(prompt, B));
        // Neither of them alone has uses enough for the limit.
        var (olga, pavel) = (Of(await chancery.SignUpAsync()), Of(await chancery.SignUpAsync()));
        var conversation = await TreatedConversationAsync(other, olga);
        await UseAsync(one, olga, 9, _faulty, _succeeded);
        await UseAsync(one, pavel, 9, _faulty, _succeeded);

        await one.LookAsync();
        var watch = Stopwatch.StartNew();
        while ((await other.PickAsync(olga, conversation)).Content.System != A)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), "Still the new words.");
            await Task.Delay(10, Cancel);
        }

        var killed = (await ReleasesAsync(prompt)).Single(release => release.State == "killed");
        Assert.Contains("18 of 18", killed.Reason, StringComparison.Ordinal);
        Assert.Equal((18, 18), (killed.Progress.Treatment.Uses, killed.Progress.Control.Uses));

        // A server that starts again begins nothing; the next release starts from the words before.
        var third = await StartAsync(prompt, B);
        Assert.Equal(A, (await third.PickAsync(olga, conversation)).Content.System);
        var next = await StartAsync(prompt, C, Stages(5_000));
        var seen = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => next.PickAsync(olga, Guid.CreateVersion7())));
        Assert.Equal([A, C], seen.Select(use => use.Content.System).Distinct().Order(StringComparer.Ordinal));
        await using var session = await Session(olga);
        Assert.Equal(A, (await next.Words.InProductionAsync(session, prompt, Cancel)).Content.System);
    }

    [Fact]
    public async Task Good_words_go_on_by_their_uses_until_they_are_everybodys()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var server = await StartAsync(prompt, B, Stages(3_000, 6_000));
        var olga = Of(await chancery.SignUpAsync());
        var stages = new List<int>();

        for (var look = 0; look < 2; look++)
        {
            await UseAsync(server, olga, 19, _succeeded, _succeeded);
            await server.LookAsync();
            stages.Add((await ReleasesAsync(prompt))[0].Progress.Stage);
            await UseAsync(server, olga, 1, _succeeded, _succeeded);
            await server.LookAsync();
            stages.Add((await ReleasesAsync(prompt))[0].Progress.Stage);
        }

        Assert.Equal([0, 1, 1, 2], stages);
        Assert.Equal("complete", (await ReleasesAsync(prompt))[0].State);
        var use = await server.PickAsync(olga, Guid.CreateVersion7());
        Assert.Equal((B, null, false), (use.Content.System, use.Rollout, use.IsTreated));
    }

    [Fact]
    public async Task Where_too_few_uses_come_words_wait_for_the_operator_and_never_go_on_by_themselves()
    {
        var (quiet, leaning) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var olga = Of(await chancery.SignUpAsync());
        var plan = Stages(5_000) with
        {
            Stages =
            [
                new(5_000, 10_000, TimeSpan.Zero, TimeSpan.FromDays(7)),
                new(10_000, 0, TimeSpan.Zero, TimeSpan.FromDays(7)),
            ],
            KillLimits = [],
        };
        await StartAsync(quiet, A);
        await StartAsync(leaning, A);
        var (first, second) = (await StartAsync(quiet, B, plan), await StartAsync(leaning, B, plan));
        // 6 of 26 against 0 of 26: it leans, and is not sure.
        await UseAsync(second, olga, 6, _faulty, _succeeded);
        await UseAsync(second, olga, 20, _succeeded, _succeeded);

        await first.LookAsync();
        await second.LookAsync();
        Assert.Equal(["running", "first"], (await ReleasesAsync(quiet)).Select(release => release.State));
        await AgeAsync(quiet);
        await AgeAsync(leaning);
        await first.LookAsync();
        await second.LookAsync();

        foreach (var prompt in new[] { quiet, leaning })
        {
            var waits = (await ReleasesAsync(prompt))[0];
            Assert.Equal("running", waits.State);
            Assert.IsType<RolloutDecision.AskPerson>(waits.Decision);
        }
    }

    [Fact]
    public async Task What_was_before_may_be_turned_back_too_and_then_everybody_has_what_was_before_that()
    {
        var prompt = Guid.CreateVersion7();
        var olga = Of(await chancery.SignUpAsync());
        await StartAsync(prompt, A);
        var second = await StartAsync(prompt, B, isStaged: false);
        var third = await StartAsync(prompt, C, Stages(5_000));
        var releases = await ReleasesAsync(prompt);
        var (c, b) = (releases[0], releases[1]);

        Assert.Equal(ReleaseFault.None, (await third.Steps.TurnBackAsync(b.Id, "Ola", "it lies", Cancel)).Fault);
        var seen = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => third.PickAsync(olga, Guid.CreateVersion7()))
        );
        Assert.Equal([A, C], seen.Select(use => use.Content.System).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(A, (await second.PickAsync(olga, Guid.CreateVersion7())).Content.System);

        await third.Steps.TurnBackAsync(c.Id, "Ola", "it lies, too", Cancel);
        Assert.Equal(A, (await third.PickAsync(olga, Guid.CreateVersion7())).Content.System);
        var fourth = await StartAsync(prompt, "Words of the fourth release. {{boundary}}", Stages(1));
        Assert.Equal(A, (await fourth.PickAsync(olga, Guid.CreateVersion7())).Content.System);
    }

    [Fact]
    public async Task Words_that_later_ones_took_the_place_of_cannot_be_turned_back()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        await StartAsync(prompt, B, isStaged: false);
        var third = await StartAsync(prompt, C, isStaged: false);
        var b = (await ReleasesAsync(prompt))[1];

        Assert.Equal(ReleaseFault.Settled, (await third.Steps.TurnBackAsync(b.Id, "Ola", "late", Cancel)).Fault);
    }

    [Fact]
    public async Task What_belongs_to_no_conversation_is_dealt_by_itself_so_that_no_program_is_an_arm()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var server = await StartAsync(prompt, B, Stages(5_000));
        var olga = Of(await chancery.SignUpAsync());

        var uses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.PickAsync(olga, null)));

        Assert.Equal([A, B], uses.Select(use => use.Content.System).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Where_it_is_wished_new_words_are_everybodys_at_once_also_those_that_were_on_their_way()
    {
        var (prompt, running) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var olga = Of(await chancery.SignUpAsync());
        await StartAsync(prompt, A);
        await StartAsync(running, A);
        await StartAsync(running, B);

        var server = await StartAsync(prompt, B, isStaged: false);
        var other = await StartAsync(running, B, isStaged: false);

        foreach (var (at, its, state) in new[] { (server, prompt, "at_once"), (other, running, "complete") })
        {
            var use = await at.PickAsync(olga, Guid.CreateVersion7());
            Assert.Equal((B, null), (use.Content.System, use.Rollout));
            Assert.Equal(state, (await ReleasesAsync(its))[0].State);
        }
    }

    [Fact]
    public async Task An_older_build_gives_its_own_words_at_once_and_the_newer_goes_on_where_it_stood()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var newer = await StartAsync(prompt, B, Stages(5_000, 9_999));
        var olga = Of(await chancery.SignUpAsync());
        var conversation = await TreatedConversationAsync(newer, olga);
        await newer.Steps.AdvanceAsync(
            (await ReleasesAsync(prompt))[0].Id,
            "Ola",
            "on",
            again: false,
            seen: null,
            Cancel
        );

        var older = await StartAsync(prompt, A);
        Assert.Equal(A, (await older.PickAsync(olga, conversation)).Content.System);
        var back = await StartAsync(prompt, B);

        var use = await back.PickAsync(olga, conversation);
        Assert.Equal((B, true), (use.Content.System, use.IsTreated));
        Assert.Equal(9_999, (await ReleasesAsync(prompt)).Single(one => one.State == "running").Exposure);
    }

    [Fact]
    public async Task Who_keeps_words_while_others_are_rolled_out_keeps_those_that_everybody_has()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var server = await StartAsync(prompt, B);
        var olga = Of(await chancery.SignUpAsync());
        await using var session = await Session(olga);

        await server.Store.EnsureAsync(session, prompt, Cancel);
        var kept = await server.Store.FindVersionAsync(session, prompt, 1, Cancel);
        await session.CommitAsync(Cancel);
        var uses = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => server.PickAsync(olga, Guid.CreateVersion7()))
        );

        Assert.Equal(A, kept!.Content.System);
        Assert.All(uses, use => Assert.Equal((A, null, true), (use.Content.System, use.Rollout, use.IsStored)));
    }

    [Fact]
    public async Task A_run_that_was_begun_with_a_judge_whose_words_were_turned_back_goes_on_with_those_words()
    {
        var own = JudgePrompts.Shipped.First();
        var server = new Build(
            chancery.Services,
            own with
            {
                System = B,
            },
            new ReleasePolicy(IsStaged: true, Stages(5_000))
        );
        await server.Start.StartAsync(Cancel);
        var judges = new JudgePrompts(server.Uses, server.Store);
        var criterion = own.Name["judge-".Length..];
        var (olga, begun) = await TreatedAsync();
        var other = await judges.ForRunAsync(olga, Guid.CreateVersion7(), [criterion], kept: null, Cancel);
        Assert.Equal(B, other.Values.Single().Content.System);
        var run = Guid.CreateVersion7();
        var release = (await ReleasesAsync(own.Id)).Single(one => one.State == "running");
        await server.Steps.TurnBackAsync(release.Id, "Ola", "not these", Cancel);

        var again = await judges.ForRunAsync(olga, run, [criterion], JudgePrompts.Keep(begun), Cancel);
        var next = await judges.ForRunAsync(olga, run, [criterion], kept: null, Cancel);

        Assert.Equal((B, release.Id, true), Judge(again));
        Assert.Equal((own.System, null, false), Judge(next));

        // All runs of an organisation are judged by the same words, so that they can be compared: of some organisations by the new ones.
        async Task<(Principal, IReadOnlyDictionary<JudgeCriterion, PromptUse>)> TreatedAsync()
        {
            while (true)
            {
                var principal = Of(await chancery.SignUpAsync());
                var judge = await judges.ForRunAsync(principal, Guid.CreateVersion7(), [criterion], null, Cancel);
                if (judge.Values.Single().IsTreated)
                {
                    return (principal, judge);
                }
            }
        }

        static (string System, Guid? Rollout, bool IsTreated) Judge(IReadOnlyDictionary<JudgeCriterion, PromptUse> of)
        {
            var use = of.Values.Single();
            return (use.Content.System, use.Rollout, use.IsTreated);
        }
    }

    [Fact]
    public void The_setting_takes_staged_and_at_once_and_nothing_else()
    {
        static ReleasePolicy Read(string? value) =>
            ReleasePolicy.Read(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(new Dictionary<string, string?> { ["PROMPT_RELEASES"] = value })
                    .Build()
            );

        Assert.True(Read(null).IsStaged);
        Assert.True(Read("staged").IsStaged);
        Assert.False(Read("at-once").IsStaged);
        Assert.Throws<SettingException>(() => Read("never"));
    }

    [Fact]
    public async Task Servers_that_start_or_look_at_once_begin_one_rollout_and_take_each_step_and_each_use_once()
    {
        var prompt = Guid.CreateVersion7();
        await StartAsync(prompt, A);
        var servers = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => Task.Run(() => StartAsync(prompt, B, Stages(5_000, 6_000)), Cancel))
        );
        var olga = Of(await chancery.SignUpAsync());
        await UseAsync(servers[0], olga, 25, _succeeded, _succeeded);

        await Task.WhenAll(servers.Select(server => Task.Run(server.LookAsync, Cancel)));

        var releases = await ReleasesAsync(prompt);
        Assert.Equal(["first", "running"], releases.Select(release => release.State).Order(StringComparer.Ordinal));
        var running = releases.Single(release => release.State == "running");
        Assert.Equal((1, 6_000), (running.Progress.Stage, running.Exposure));
        var errors = running.Progress.Comparisons[RolloutMetric.Error];
        Assert.Equal((25, 25), (errors.Treatment.Observed, errors.Control.Observed));
    }

    [Fact]
    public async Task What_is_no_release_cannot_be_counted_over_organisations()
    {
        var olga = await chancery.SignUpAsync();
        var id = await olga.PromptAsync("One.");
        await olga.PostAsync(
            $"/api/v1/prompts/{id}/versions",
            new { content = PromptApi.Saying("Two.") },
            HttpStatusCode.Created
        );
        var rollout = await olga.PostAsync(
            $"/api/v1/prompts/{id}/rollout",
            new { version = 2 },
            HttpStatusCode.Created
        );
        var run = await olga.PostAsync($"/api/v1/prompts/{id}/render", new { variables = new { topic = "x" } });
        await olga.PostAsync($"/api/v1/prompts/{id}/runs/{run.Text("run_id")}/outcome", new { outcome = "faulty" });

        var doors = chancery.Services.GetRequiredService<Doors>();
        var counted = await doors.QueryAsync<long>(
            "SELECT uses FROM door_count_release(@id, NULL, NULL) UNION ALL SELECT uses FROM door_recent_release(@id, '-infinity')",
            new { id = rollout.Id() },
            Cancel
        );

        Assert.Empty(counted);
    }

    [Fact]
    public async Task Who_keeps_words_has_them_through_a_release_who_follows_is_told_of_it_and_the_operator_turns_it_back()
    {
        var history = UpgradePrompts.History.Id;
        var next = await chancery.StartReplicaAsync(services =>
            Ship(services, UpgradePrompts.History with { System = B })
        );
        var olga = await chancery.SignUpAsync();
        var pavel = await chancery.SignUpAsync();
        await olga.PutAsync($"/api/v1/prompts/{history}/labels/production", new { version = 1, expected = 1 });
        var (keeps, follows) = (At(next, olga), At(next, pavel));

        var kept = await keeps.GetAsync($"/api/v1/prompts/{history}");
        var following = await follows.GetAsync($"/api/v1/prompts/{history}");
        using var operators = ChanceryFixture.Client(next);
        operators.DefaultRequestHeaders.Authorization = new("Bearer", Fixture.Token);
        var listed = await ItemsAsync(operators);
        var release = listed.Single(one => one.Text("prompt") == "upgrade-history" && one.Text("state") == "running");
        for (var stage = 0; stage < 3; stage++)
        {
            await MoveAsync(operators, release.Id(), "advance", "on", HttpStatusCode.OK, seen: stage + 1);
        }

        await MoveAsync(operators, release.Id(), "advance", "once more", HttpStatusCode.Conflict, seen: 1);

        var uses = chancery.Servers[^1].Services.GetRequiredService<PromptUses>();
        var dealt = new HashSet<string>();
        for (var conversation = 0; conversation < 30; conversation++)
        {
            var principal = Of(pavel);
            dealt.Add(
                (await uses.PickAsync(principal, "upgrade-history", Guid.CreateVersion7(), Cancel)).Content.System
            );
            var pinned = await uses.PickAsync(Of(olga), "upgrade-history", Guid.CreateVersion7(), Cancel);
            Assert.Equal((UpgradePrompts.History.System, null), (pinned.Content.System, pinned.Rollout));
        }

        // What programs say of their uses counts for their own rollouts, and for nobody else's.
        for (var program = 0; program < 20; program++)
        {
            var run = await follows.PostAsync($"/api/v1/prompts/{history}/render", new { unit = $"unit-{program}" });
            await follows.PostAsync(
                $"/api/v1/prompts/{history}/runs/{run.Text("run_id")}/outcome",
                new { outcome = "faulty" }
            );
        }

        await chancery.Servers[^1].Services.GetRequiredService<ReleaseSteps>().LookAsync(release.Id(), Cancel);
        var untouched = (await ItemsAsync(operators)).Single(one => one.Id() == release.Id());
        var back = await MoveAsync(
            operators,
            release.Id(),
            "rollback",
            "The summaries are too long",
            HttpStatusCode.OK
        );
        await MoveAsync(operators, release.Id(), "rollback", "again", HttpStatusCode.Conflict);
        var after = await follows.GetAsync($"/api/v1/prompts/{history}");
        var use = await uses.PickAsync(Of(pavel), "upgrade-history", Guid.CreateVersion7(), Cancel);
        await MoveAsync(operators, release.Id(), "advance", "It was not them", HttpStatusCode.Conflict);
        var again = await MoveAsync(
            operators,
            release.Id(),
            "advance",
            "It was not them.",
            HttpStatusCode.OK,
            isAgain: true
        );

        Assert.False(kept.TryGetProperty("release", out _));
        Assert.Equal(UpgradePrompts.History.System, kept.GetProperty("version").GetProperty("content").Text("system"));
        Assert.Equal(B, following.GetProperty("shipped").Text("system"));
        Assert.Equal(("running", 1.0), Told(following.GetProperty("release")));
        Assert.Equal(
            UpgradePrompts.History.System,
            following.GetProperty("version").GetProperty("content").Text("system")
        );
        Assert.Equal(2, dealt.Count);
        Assert.Equal(
            ("running", 50.0, 0),
            (untouched.Text("state"), untouched.GetProperty("percent").GetDouble(), UsesOf(untouched))
        );
        Assert.Equal(("rolled_back", "OPERATOR_TOKEN"), (back.Text("state"), back.Text("ended_by")));
        Assert.Equal("rolled_back", after.GetProperty("release").Text("state"));
        Assert.Equal((UpgradePrompts.History.System, null), (use.Content.System, use.Rollout));
        Assert.Equal(("running", 1.0), Told(again));
        Assert.Equal("It was not them. It was turned back before: The summaries are too long", again.Text("reason"));
        using var stranger = await follows.Http.GetAsync("/operator/prompts/releases", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
    }

    private static (string State, double Percent) Told(JsonElement told) =>
        (told.Text("state"), told.GetProperty("percent").GetDouble());

    private static int UsesOf(JsonElement release) =>
        release.GetProperty("control").GetProperty("uses").GetInt32()
        + release.GetProperty("treatment").GetProperty("uses").GetInt32();

    private static async Task<IReadOnlyList<JsonElement>> ItemsAsync(HttpClient operators)
    {
        using var response = await operators.GetAsync("/operator/prompts/releases", Cancel);
        return (await KnowledgeApi.BodyAsync(response, HttpStatusCode.OK)).Items();
    }

    private static async Task<JsonElement> MoveAsync(
        HttpClient operators,
        Guid release,
        string move,
        string why,
        HttpStatusCode expected,
        int? seen = null,
        bool isAgain = false
    )
    {
        using var response = await operators.PostAsJsonAsync(
            $"/operator/prompts/releases/{release}/{move}",
            move == "rollback"
                ? new { why }
                : (object)
                    new
                    {
                        why,
                        stage = seen,
                        again = isAgain,
                    },
            Cancel
        );
        return await KnowledgeApi.BodyAsync(response, expected);
    }

    private static TestUser At(Uri server, TestUser user)
    {
        var client = ChanceryFixture.Client(server);
        client.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        return user with { Http = client };
    }

    private static void Ship(IServiceCollection services, ShippedPrompt prompt)
    {
        services.Remove(
            services.Single(one => one.ImplementationInstance is ShippedPrompt shipped && shipped.Id == prompt.Id)
        );
        services.AddShippedPrompt(prompt);
    }

    private static Principal Of(TestUser user)
    {
        var id = Guid.CreateVersion7();
        return new Principal(new TenantId(user.TenantId), id, id, Guid.CreateVersion7(), Role.Owner, "", "", "", "");
    }

    /// <summary>Out of each stage by twenty uses alone; the limits that end a rollout at once are the default's.</summary>
    private static RolloutPlan Stages(params int[] exposures) =>
        RolloutPlan.Default with
        {
            Stages =
            [
                .. exposures.Select(exposure => new RolloutStage(exposure, 20, TimeSpan.Zero, TimeSpan.FromDays(7))),
                new(10_000, 0, TimeSpan.Zero, TimeSpan.FromDays(7)),
            ],
        };

    /// <summary>A server of a build that ships these words, as far as prompts go.</summary>
    private async Task<Build> StartAsync(Guid prompt, string words, RolloutPlan? plan = null, bool isStaged = true)
    {
        var build = new Build(
            chancery.Services,
            new ShippedPrompt(prompt, $"test-{prompt:N}", "", words),
            new ReleasePolicy(isStaged, plan ?? Stages(5_000))
        );
        await build.Start.StartAsync(Cancel);
        return build;
    }

    private Task<TenantSession> Session(Principal principal) =>
        chancery.Services.GetRequiredService<TenantDatabase>().OpenAsync(principal.Tenant, Cancel);

    /// <summary>All of a prompt, those that were shipped last first.</summary>
    private async Task<IReadOnlyList<PromptRelease>> ReleasesAsync(Guid prompt)
    {
        await using var connection = await chancery
            .Services.GetRequiredService<NpgsqlDataSource>()
            .OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        return await ReleaseStore.OfPromptAsync(transaction, prompt, Cancel);
    }

    /// <summary>As if the stage had begun eight days ago.</summary>
    private Task<int> AgeAsync(Guid prompt) =>
        chancery.AsOwnerAsync(
            """
            UPDATE prompt_releases SET progress = jsonb_set(progress, '{since}', to_jsonb((progress ->> 'since')::timestamptz - interval '8 days'))
            WHERE prompt_id = @prompt AND state = 'running'
            """,
            new { prompt }
        );

    private static async Task<HashSet<Guid>> TreatedAsync(
        Build server,
        Principal principal,
        IReadOnlyList<Guid> conversations
    )
    {
        var treated = new HashSet<Guid>();
        foreach (var conversation in conversations)
        {
            var use = await server.PickAsync(principal, conversation);
            Assert.Equal(use.IsTreated ? B : A, use.Content.System);
            Assert.NotNull(use.Rollout);
            if (use.IsTreated)
            {
                treated.Add(conversation);
            }
        }

        return treated;
    }

    private static async Task<Guid> TreatedConversationAsync(Build server, Principal principal)
    {
        while (true)
        {
            var conversation = Guid.CreateVersion7();
            if ((await server.PickAsync(principal, conversation)).IsTreated)
            {
                return conversation;
            }
        }
    }

    /// <summary>So many uses of either arm, in conversations of their own.</summary>
    private async Task UseAsync(Build server, Principal principal, int each, RunResult treated, RunResult control)
    {
        var (left, leftOfControl) = (each, each);
        while (left > 0 || leftOfControl > 0)
        {
            var use = await server.PickAsync(principal, Guid.CreateVersion7());
            if (use.IsTreated ? left-- > 0 : leftOfControl-- > 0)
            {
                await server.Uses.RecordAsync(principal, use, use.IsTreated ? treated : control, Cancel);
            }
        }

        await chancery.Services.GetRequiredService<ShippedUses>().FlushAsync(Cancel);
    }

    /// <summary>What of a server decides about prompts, as another build would have it.</summary>
    private sealed class Build
    {
        private readonly ShippedPrompt _prompt;

        public Build(IServiceProvider services, ShippedPrompt prompt, ReleasePolicy policy)
        {
            _prompt = prompt;
            var shipped = new ShippedPrompts([prompt]);
            Words = new ReleaseWords(shipped);
            Store = ActivatorUtilities.CreateInstance<PromptStore>(services, shipped, Words);
            Start = ActivatorUtilities.CreateInstance<ReleaseStart>(services, shipped, Words, policy);
            Steps = ActivatorUtilities.CreateInstance<ReleaseSteps>(services, shipped);
            Uses = ActivatorUtilities.CreateInstance<PromptUses>(services, shipped, Words);
            Watch = ActivatorUtilities.CreateInstance<ReleaseWatch>(services, Words, Steps);
        }

        public ReleaseWords Words { get; }

        public PromptStore Store { get; }

        public ReleaseStart Start { get; }

        public ReleaseSteps Steps { get; }

        public PromptUses Uses { get; }

        private ReleaseWatch Watch { get; }

        public Task<PromptUse> PickAsync(Principal principal, Guid? conversation) =>
            Uses.PickAsync(principal, _prompt.Name, conversation, Cancel);

        public Task LookAsync() => Watch.LookAsync(Cancel);
    }

    public sealed class Fixture : ChanceryFixture
    {
        public const string Token = "an operator's token of some length";

        public Fixture()
        {
            Settings["OPERATOR_TOKEN"] = Token;
            // Nobody looks but the tests.
            ConfigureServices = services =>
                services.Remove(services.Single(service => service.ImplementationType == typeof(ReleaseWatch)));
        }
    }
}
