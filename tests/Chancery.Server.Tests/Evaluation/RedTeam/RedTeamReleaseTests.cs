using System.Net;
using System.Text.Json;
using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Health;
using Chancery.Server.Platform.Work;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Chancery.Server.Tests.Evaluation.RedTeam.RedTeamApi;

namespace Chancery.Server.Tests.Evaluation.RedTeam;

/// <summary>What a run says beside the release before.</summary>
public sealed class RedTeamReleaseTests(RedTeamFixture chancery) : IClassFixture<RedTeamFixture>
{
    private static readonly object SixteenWords = new { classes = new[] { "direct_injection" }, limit = 16 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_run_of_the_release_before_stands_beside_a_run_of_the_same_cases_by_class()
    {
        var olga = await chancery.SignUpAsync();
        var older = await TriedAsync(olga, SixteenWords, "0.0.1");
        var last = await TriedAsync(olga, SixteenWords, "0.0.2");
        // Of other cases and of this release: neither is what is compared with.
        await TriedAsync(olga, new { classes = new[] { "direct_injection" }, limit = 4 }, "0.0.2");
        chancery.Script = _ => new ScriptedReply("The project is led from the office in Tallinn [1].");
        await TriedAsync(olga, SixteenWords, HealthEndpoints.Version);

        var now = await TriedAsync(olga, SixteenWords, HealthEndpoints.Version);
        var former = (await olga.GetAsync($"{Runs}/{now}")).GetProperty("former");
        var report = await olga.Http.GetStringAsync($"{Runs}/{now}/report", Cancel);
        var first = await olga.GetAsync($"{Runs}/{older}");
        var listed = (await olga.GetAsync(Runs)).Items().Single(one => one.Id() == now);

        Assert.Equal((last, "0.0.2"), (former.GetProperty("run").GetGuid(), former.Text("server_version")));
        var classes = former.GetProperty("classes").EnumerateArray().ToList();
        var words = classes.Single(one =>
            one.TryGetProperty("class", out var name) && name.GetString() == "direct_injection"
        );
        Assert.True(words.GetProperty("attack_success").Number("hits") > 9, words.ToString());
        Assert.Equal("fewer", words.Text("attack_change"));
        Assert.Equal("unclear", words.Text("false_positive_change"));
        Assert.Contains($"## Beside release 0.0.2 (run {last} of ", report, StringComparison.Ordinal);
        Assert.Contains("| **fewer** |", report, StringComparison.Ordinal);
        Assert.False(first.TryGetProperty("former", out var none) && none.ValueKind != JsonValueKind.Null, $"{none}");
        Assert.Equal(HealthEndpoints.Version, listed.Text("server_version"));
    }

    [Theory]
    [InlineData("state = 'cancelled'")]
    [InlineData("failed = 1")]
    [InlineData("cases = cases - 0")]
    [InlineData("prompt_sha256 = 'other'")]
    public async Task What_was_not_tried_in_the_same_way_to_its_end_stands_beside_nothing(string change)
    {
        var olga = await chancery.SignUpAsync();
        var attack = new { classes = new[] { "direct_injection" }, limit = 2 };
        var before = await TriedAsync(olga, attack, "0.0.1");
        var now = await TriedAsync(olga, attack, HealthEndpoints.Version);
        Assert.True((await olga.GetAsync($"{Runs}/{now}")).TryGetProperty("former", out _));

        await ChangeAsync($"UPDATE red_team_runs SET {change} WHERE run_id = $1", before);
        var changed = await olga.GetAsync($"{Runs}/{now}");

        Assert.False(changed.TryGetProperty("former", out var none) && none.ValueKind != JsonValueKind.Null, $"{none}");
    }

    [Fact]
    public async Task What_another_model_answered_stands_beside_nothing()
    {
        var olga = await chancery.SignUpAsync();
        var attack = new { classes = new[] { "direct_injection" }, limit = 2 };
        var before = await TriedAsync(olga, attack, "0.0.1");
        await ChangeAsync("UPDATE red_team_results SET model = 'another' WHERE run_id = $1 AND number = 1", before);

        var now = await olga.GetAsync($"{Runs}/{await TriedAsync(olga, attack, HealthEndpoints.Version)}");

        Assert.False(now.TryGetProperty("former", out var none) && none.ValueKind != JsonValueKind.Null, $"{none}");
    }

    [Fact]
    public async Task A_run_is_of_the_release_that_works_on_it_and_of_none_where_two_did()
    {
        var olga = await chancery.SignUpAsync();
        var attack = new { classes = new[] { "direct_injection" }, limit = 2 };
        var made = await olga.PostAsync(Runs, attack, HttpStatusCode.Created);
        Assert.False(made.TryGetProperty("server_version", out var early) && early.ValueKind != JsonValueKind.Null);
        var done = await olga.ClearedAsync(made.Id());
        Assert.Equal(HealthEndpoints.Version, done.Text("server_version"));

        // As if another release had been stopped in the middle of it.
        await ChangeAsync(
            "UPDATE red_team_runs SET state = 'running', ended_at = NULL, cleared_at = NULL, server_version = '0.0.1' WHERE run_id = $1",
            made.Id()
        );
        var services = chancery.Services;
        await using (
            var session = await services
                .GetRequiredService<TenantDatabase>()
                .OpenAsync(new TenantId(olga.TenantId), Cancel)
        )
        {
            await services
                .GetRequiredService<WorkQueue>()
                .EnqueueAsync(session, RedTeamWork.Kind, new RedTeamWork(made.Id()), Cancel);
            await session.CommitAsync(Cancel);
        }

        var mixed = await olga.ClearedAsync(made.Id());

        Assert.False(mixed.TryGetProperty("server_version", out var none) && none.ValueKind != JsonValueKind.Null);
    }

    [Fact]
    public async Task What_another_organisation_attacked_stands_beside_nothing()
    {
        var olga = await chancery.SignUpAsync();
        var pavel = await chancery.SignUpAsync("Other");
        await TriedAsync(olga, SixteenWords, "0.0.1");

        var now = await olga.GetAsync($"{Runs}/{await TriedAsync(olga, SixteenWords, HealthEndpoints.Version)}");
        var his = await pavel.GetAsync($"{Runs}/{await TriedAsync(pavel, SixteenWords, HealthEndpoints.Version)}");

        Assert.True(now.TryGetProperty("former", out var former) && former.ValueKind == JsonValueKind.Object);
        Assert.False(his.TryGetProperty("former", out var none) && none.ValueKind != JsonValueKind.Null, $"{none}");
    }

    private async Task ChangeAsync(string sql, Guid run)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = run });
        Assert.True(await command.ExecuteNonQueryAsync(Cancel) > 0);
    }

    /// <summary>As if a server of that release had tried it.</summary>
    private async Task<Guid> TriedAsync(TestUser user, object request, string release)
    {
        var id = await user.AttackAsync(request);
        await user.ClearedAsync(id);
        await using var command = chancery.Owner.CreateCommand(
            "UPDATE red_team_runs SET server_version = $1 WHERE run_id = $2"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = release });
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
        return id;
    }
}
