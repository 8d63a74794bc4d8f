using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Access;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Telemetry.Tracing;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Telemetry;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Telemetry;
using Chancery.Server.Upgrade.Pipeline;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Prompts;

/// <summary>Uses of the product's own prompts, as they were shipped and while they are rolled out.</summary>
public sealed class ShippedPromptUseTests(ContractModelFixture chancery) : IClassFixture<ContractModelFixture>
{
    private static readonly Guid Answer = AnswerPrompt.Shipped.Id;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PromptUses Uses => chancery.Services.GetRequiredService<PromptUses>();

    [Fact]
    public async Task An_organisation_that_never_changed_a_prompt_sees_its_uses_and_rates_them_by_their_answers()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Hours\n\nThe observatory opens at nine.\n", "hours.md");
        chancery.Scripts["When does the observatory open?"] = _ => new ScriptedReply("At nine [1].");

        var answer = await olga.PostAsync(
            "/api/v1/chat",
            new { question = "When does the observatory open?" },
            HttpStatusCode.OK
        );
        await olga.PutAsync(
            $"/api/v1/conversations/{answer.Text("conversation_id")}/messages/{answer.Text("message_id")}/feedback",
            new { rating = "up" },
            HttpStatusCode.OK
        );

        var run = Assert.Single((await olga.GetAsync($"/api/v1/prompts/{Answer}/runs")).Items());
        Assert.Equal(("succeeded", 1), (run.Text("outcome"), run.GetProperty("version").GetInt32()));
        Assert.Equal("up", run.Text("rating"));
        var ola = await chancery.SignUpAsync();
        Assert.Empty((await ola.GetAsync($"/api/v1/prompts/{Answer}/runs")).Items());
    }

    [Fact]
    public async Task An_upgrade_is_dealt_by_a_release_whose_rollout_its_use_counts_for_and_nobody_else_sees()
    {
        const string wish = "Tell a released server of the crane";
        chancery.Scripts[wish] = _ => new ScriptedReply("""{"prompt":"Describe the crane.","changes":[]}""");
        var next = await chancery.StartReplicaAsync(services =>
        {
            services.Remove(
                services.Single(one =>
                    one.ImplementationInstance is ShippedPrompt shipped && shipped.Id == UpgradePrompts.Shipped.Id
                )
            );
            services.AddShippedPrompt(UpgradePrompts.Shipped with { System = "Make it better. {{boundary}}" });
        });
        var olga = await chancery.SignUpAsync();
        var client = ChanceryFixture.Client(next);
        client.DefaultRequestHeaders.Authorization = olga.Http.DefaultRequestHeaders.Authorization;
        var there = olga with { Http = client };

        await there.PostAsync("/api/v1/upgrade", new { user_prompt = wish }, HttpStatusCode.OK);

        await chancery.Servers[^1].Services.GetRequiredService<ShippedUses>().FlushAsync(Cancel);
        await using var count = chancery.Owner.CreateCommand(
            "SELECT count(*) FROM prompt_runs AS u JOIN prompt_releases AS r ON r.release_id = u.rollout_id WHERE u.tenant_id = $1"
        );
        count.Parameters.Add(new NpgsqlParameter { Value = olga.TenantId });
        Assert.Equal(1L, await count.ExecuteScalarAsync(Cancel));
        var run = Assert.Single((await there.GetAsync($"/api/v1/prompts/{UpgradePrompts.Shipped.Id}/runs")).Items());
        Assert.Equal("succeeded", run.Text("outcome"));
        Assert.False(run.TryGetProperty("arm", out _));
        Assert.False(run.TryGetProperty("rollout", out _));
    }

    [Fact]
    public async Task A_first_rollout_knows_what_slow_means_by_the_words_that_were_shipped_and_no_others()
    {
        var olga = await chancery.SignUpAsync();
        var principal = Of(olga);
        var shipped = await Uses.PickAsync(principal, AnswerPrompt.Name, conversation: null, Cancel);
        var older = shipped with { Content = shipped.Content with { System = "As it was {{boundary}} before." } };
        for (var use = 0; use < 60; use++)
        {
            await Uses.RecordAsync(principal, shipped, new RunResult(RunOutcome.Succeeded, LatencyMs: 100), Cancel);
            await Uses.RecordAsync(principal, older, new RunResult(RunOutcome.Succeeded, LatencyMs: 9000), Cancel);
        }

        await chancery.Services.GetRequiredService<ShippedUses>().FlushAsync(Cancel);
        await VersionTwoAsync(olga);
        await using var session = await chancery
            .Services.GetRequiredService<TenantDatabase>()
            .OpenAsync(principal.Tenant, Cancel);
        var limits = await RolloutCounts.LimitsAsync(session, RolloutPlan.Default, Answer, 1, Cancel);

        Assert.Equal(100, limits.LatencyMs);
    }

    [Fact]
    public async Task Going_back_to_what_was_shipped_keeps_its_uses_and_forgets_those_of_versions_that_are_gone()
    {
        var olga = await chancery.SignUpAsync();
        await RenderAsync(olga);
        await VersionTwoAsync(olga);
        await olga.PutAsync($"/api/v1/prompts/{Answer}/labels/production", new { version = 2 });
        await RenderAsync(olga);
        var before = (await olga.GetAsync($"/api/v1/prompts/{Answer}/runs")).Items();

        await olga.Http.DeleteAsync($"/api/v1/prompts/{Answer}", Cancel);

        Assert.Equal([2, 1], before.Select(run => run.GetProperty("version").GetInt32()));
        var left = Assert.Single((await olga.GetAsync($"/api/v1/prompts/{Answer}/runs")).Items());
        Assert.Equal(1, left.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task By_user_each_person_keeps_a_version_over_their_conversations_and_by_conversation_they_do_not()
    {
        var byUser = await RollingOutAsync("user");
        var byConversation = await RollingOutAsync("conversation");
        var byOrganisation = await RollingOutAsync("organization");

        foreach (var person in Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7()))
        {
            var dealt = await DealtAsync(byUser, person, conversations: 2);
            Assert.Single(dealt.Distinct());
        }

        var people = new HashSet<int>();
        for (var person = 0; person < 40; person++)
        {
            people.UnionWith(await DealtAsync(byUser, Guid.CreateVersion7(), conversations: 1));
        }

        Assert.Equal([1, 2], people.Order());
        Assert.Equal(
            2,
            (await DealtAsync(byConversation, Guid.CreateVersion7(), conversations: 40)).Distinct().Count()
        );
        var all = await DealtAsync(byOrganisation, Guid.CreateVersion7(), conversations: 20);
        Assert.Single(all.Concat(await DealtAsync(byOrganisation, Guid.CreateVersion7(), 20)).Distinct());
    }

    [Fact]
    public async Task Figures_tell_exposures_uses_and_steps_without_names_of_organisations_and_the_new_arm_is_kept()
    {
        using var heard = new HeardFigures(chancery.Services, PromptMeter.MeterName);
        using var source = new ActivitySource("Test of prompts");
        using var listener = new ActivityListener
        {
            ShouldListenTo = one => one.Name == source.Name,
            Sample = (ref _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        var olga = await RollingOutAsync("conversation");
        var kept = new Dictionary<int, object?>();

        for (var conversation = 0; conversation < 40; conversation++)
        {
            using var span = source.StartActivity("request");
            var use = await Uses.PickAsync(Of(olga), AnswerPrompt.Name, Guid.CreateVersion7(), Cancel);
            await Uses.RecordAsync(Of(olga), use, new RunResult(RunOutcome.Succeeded), Cancel);
            kept[use.Version] = span!.GetTagItem(SpanNames.Keep);
        }

        await olga.PostAsync($"/api/v1/prompts/{Answer}/rollback", new { why = "enough" }, HttpStatusCode.OK);

        Assert.Equal("canary", kept[2]);
        Assert.Null(kept[1]);
        foreach (var arm in new[] { "control", "treatment" })
        {
            Assert.Contains($"chancery_prompt_exposures_total prompt=answer arm={arm} stage=0", heard.All);
            Assert.Contains($"chancery_prompt_uses_total prompt=answer arm={arm} outcome=succeeded", heard.All);
        }

        Assert.Contains("chancery_prompt_rollout_steps_total prompt=answer step=started by=person", heard.All);
        Assert.Contains("chancery_prompt_rollout_steps_total prompt=answer step=rolled_back by=person", heard.All);
        Assert.DoesNotContain(heard.All, one => one.Contains(olga.TenantId.ToString(), StringComparison.Ordinal));
    }

    private static Principal Of(TestUser user, Guid? person = null)
    {
        var id = person ?? Guid.CreateVersion7();
        return new Principal(new TenantId(user.TenantId), id, id, Guid.CreateVersion7(), Role.Owner, "", "", "", "");
    }

    private static Task<JsonElement> VersionTwoAsync(TestUser user) =>
        user.PostAsync(
            $"/api/v1/prompts/{Answer}/versions",
            new { content = new { system = "Answer from what stands between {{boundary}}.", text = "" } },
            HttpStatusCode.Created
        );

    private static Task<JsonElement> RenderAsync(TestUser user) =>
        user.PostAsync($"/api/v1/prompts/{Answer}/render", new { }, HttpStatusCode.OK);

    /// <summary>An organisation in which half of the units get the second version of the prompt for answers.</summary>
    private async Task<TestUser> RollingOutAsync(string unit)
    {
        var user = await chancery.SignUpAsync();
        await VersionTwoAsync(user);
        object[] stages =
        [
            new
            {
                percent = 50,
                min_uses = 0,
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
        await user.PostAsync(
            $"/api/v1/prompts/{Answer}/rollout",
            new
            {
                version = 2,
                unit,
                stages,
            },
            HttpStatusCode.Created
        );
        return user;
    }

    private async Task<IReadOnlyList<int>> DealtAsync(TestUser organisation, Guid person, int conversations)
    {
        var dealt = new List<int>();
        for (var conversation = 0; conversation < conversations; conversation++)
        {
            var use = await Uses.PickAsync(Of(organisation, person), AnswerPrompt.Name, Guid.CreateVersion7(), Cancel);
            dealt.Add(use.Version);
        }

        return dealt;
    }
}
