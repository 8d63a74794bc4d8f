using System.Net;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery prompts</c> and <c>chancery upgrade</c>, against a server in another process.</summary>
public sealed class PromptsCommandTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_version_is_compared_rolled_out_and_turned_back()
    {
        using var desk = await Desk.NewAsync(server.Process);
        var prompt = await desk.User.PromptAsync("You write briefly.", "Briefly");
        await desk.User.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = PromptApi.Saying("You write very briefly."), why = "Shorter" },
            HttpStatusCode.Created
        );

        var list = await desk.RunAsync("prompts", "list");
        var versions = await desk.RunAsync("prompts", "versions", "briefly");
        var diff = await desk.RunAsync("prompts", "diff", "Briefly", "--from", "1", "--to", "2");
        var started = await desk.RunAsync("prompts", "rollout", "Briefly", "--version-number", "2", "--why", "Shorter");
        var status = await desk.RunAsync("prompts", "status", "Briefly", "--json");
        var back = await desk.RunAsync("prompts", "rollback", "Briefly", "--why", "No");
        var unknown = await desk.RunAsync("prompts", "show", "Nobody");

        Assert.Contains("Briefly  version 1 of 2", list.Output, StringComparison.Ordinal);
        Assert.Contains("answer  version 1 of 1", list.Output, StringComparison.Ordinal);
        Assert.Contains(": Shorter", versions.Output, StringComparison.Ordinal);
        Assert.Contains("{+ very+} briefly", diff.Output, StringComparison.Ordinal);
        Assert.True(started.Code == 0, started.ToString());
        Assert.Contains("version 2 beside 1", started.Output, StringComparison.Ordinal);
        Assert.Equal("running", status.Json.Text("state"));
        Assert.Contains("Everybody gets version 1.", back.Output, StringComparison.Ordinal);
        Assert.Equal(1, unknown.Code);
        Assert.Contains("There is no prompt \"Nobody\"", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollout_of_answers_is_begun_with_a_judge_and_its_cap()
    {
        using var desk = await Desk.NewAsync(server.Process);
        var prompt = (await desk.User.GetAsync("/api/v1/prompts"))
            .Items()
            .Single(one => one.Text("name") == "answer")
            .Id();
        await desk.User.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = "Answer shortly from what stands between {{boundary}}.", text = "" } },
            HttpStatusCode.Created
        );
        string[] rollout = ["prompts", "rollout", "answer", "--version-number", "2", "--judge-sample", "0.2"];

        var uncapped = await desk.RunAsync(rollout);
        var started = await desk.RunAsync([.. rollout, "--judge-cap", "5"]);
        var status = await desk.RunAsync("prompts", "status", "answer", "--json");

        Assert.Equal(1, uncapped.Code);
        Assert.True(started.Code == 0, started.ToString());
        Assert.Contains("what the judge says: too_few", started.Output, StringComparison.Ordinal);
        Assert.Equal(
            (0.2, 5),
            (status.Json.GetProperty("judge_sample").GetDouble(), status.Json.GetProperty("judge_cap_usd").GetInt32())
        );
    }

    [Fact]
    public async Task A_rough_prompt_is_improved_and_printed_alone()
    {
        using var desk = await Desk.NewAsync(server.Process);
        await desk.User.ReadyTextAsync("The notice period of the whimbrel lease is sixty days.");

        var upgrade = await desk.RunAsync(
            "upgrade",
            "write about the notice period of the whimbrel lease",
            "--model",
            "extractive"
        );
        var bare = await desk.RunAsync("upgrade", "write about the notice period", "--without-passages", "--json");

        Assert.True(upgrade.Code == 0, upgrade.ToString());
        Assert.Contains("sixty days", upgrade.Output, StringComparison.Ordinal);
        Assert.Contains("word for word", upgrade.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("word for word", upgrade.Output, StringComparison.Ordinal);
        Assert.Equal("original", bare.Json.Text("outcome"));
    }
}
