using Chancery.Server.Tests.Knowledge;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery eval</c>, against a server in another process.</summary>
public sealed class EvalCommandTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Questions = """
        question,expected_answer,should_refuse
        How long is the notice period of the dunlin?,sixty days,
        ,nothing asked,
        Who won the football world cup in 1998?,,true

        """;

    [Fact]
    public async Task A_run_passes_where_it_is_good_enough_and_fails_where_it_is_not()
    {
        using var desk = await Desk.NewAsync(server.Process);
        await desk.User.ReadyTextAsync("# Terms\n\nThe notice period of the dunlin is sixty days.");
        desk.Write("questions.csv", Questions);
        string[] run = ["eval", "run", "terms", "--model", "extractive"];

        var import = await desk.RunAsync("eval", "import", "Terms", "questions.csv");
        var list = await desk.RunAsync("eval", "list");
        var good = await desk.RunAsync([.. run, "--fail-under", "contains_answer=0.9", "--json"]);
        var bad = await desk.RunAsync([
            .. run,
            "--fail-under",
            "refusal_correct=0.9",
            "--fail-under",
            "exact_match=0.9",
        ]);
        var unknown = await desk.RunAsync([.. run, "--fail-under", "judge_relevance=0.5"]);
        var wrong = await desk.RunAsync([.. run, "--fail-under", "good"]);
        var nobody = await desk.RunAsync("eval", "run", "Nobody");

        // A rejected row is told, and fails the import; the others are there.
        Assert.Equal(1, import.Code);
        Assert.Contains("row 3: There is no question.", import.Errors, StringComparison.Ordinal);
        Assert.Contains("Terms  2 questions", list.Output, StringComparison.Ordinal);
        Assert.True(good.Code == 0, good.ToString());
        Assert.Equal("done", good.Json.Text("state"));
        Assert.Equal(1, bad.Code);
        Assert.Contains("exact_match is 0.000, under 0.900.", bad.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("refusal_correct is", bad.Errors, StringComparison.Ordinal);
        Assert.Contains("2 of 2 questions", bad.Output, StringComparison.Ordinal);
        Assert.Equal(1, unknown.Code);
        Assert.Contains("judge_relevance is of no question.", unknown.Errors, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Code);
        Assert.Equal(1, nobody.Code);
    }

    [Fact]
    public async Task Two_runs_are_compared()
    {
        using var desk = await Desk.NewAsync(server.Process);
        await desk.User.ReadyTextAsync("# Terms\n\nThe notice period of the dunlin is sixty days.");
        desk.Write("questions.csv", Questions);
        await desk.RunAsync("eval", "import", "Terms", "questions.csv");

        var first = await desk.RunAsync("eval", "run", "Terms", "--model", "extractive", "--json");
        var second = await desk.RunAsync("eval", "run", "Terms", "--model", "extractive", "--json");
        var compared = await desk.RunAsync("eval", "compare", first.Json.Text("id"), second.Json.Text("id"));

        Assert.True(compared.Code == 0, compared.ToString());
        Assert.Contains("contains_answer", compared.Output, StringComparison.Ordinal);
        Assert.Contains("unclear, 0 better, 0 worse of 1", compared.Output, StringComparison.Ordinal);
    }
}
