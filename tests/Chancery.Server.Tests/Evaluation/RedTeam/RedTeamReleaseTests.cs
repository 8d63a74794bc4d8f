using System.Text.Json;
using Chancery.Server.Platform.Health;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
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
