using System.Net;
using Chancery.Server.Tests.Architecture;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>
/// Questions of our own over the documents that come with the product, answered by quotes alone: what keeps answers from becoming worse
/// unseen. Whoever makes them better raises the figures.
/// </summary>
public sealed class GoldenSetTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Quotes_answer_the_golden_set_as_well_as_ever()
    {
        var olga = await chancery.SignUpAsync();
        var samples = await olga.PostAsync("/api/v1/samples", expected: HttpStatusCode.Accepted);
        foreach (var document in samples.GetProperty("documents").EnumerateArray())
        {
            await olga.SettledAsync(document.Id());
        }

        var dataset = await olga.DatasetAsync();
        var set = await File.ReadAllTextAsync(
            Path.Combine(SourceTree.Root, "tests", "Chancery.Server.Tests", "Evaluation", "golden-set.jsonl"),
            Cancel
        );
        var imported = await olga.ImportAsync(dataset, set, "golden-set.jsonl");

        var run = await olga.RunAsync(new { dataset, target = new { kind = "answer", model = "extractive" } });
        var wrong = (await olga.ResultsAsync(run.Id()))
            .Where(result => result.Value("refusal_correct") < 1 || Contains(result) < 1)
            .Select(result => $"{result.Text("question")} → {result.Text("outcome")}: {result.Text("answer")}")
            .ToArray();

        var told = string.Join("\n", wrong.Append(run.GetProperty("scores").GetRawText()));
        Assert.Equal(0, imported.GetProperty("rejected_count").GetInt32());
        Assert.True(run.Mean("contains_answer") >= 0.9, told);
        Assert.True(run.Mean("refusal_correct") >= 0.95, told);
        Assert.True(run.Mean("citation_recall") >= 0.9, told);
        Assert.True(run.Mean("recall_at_10") >= 0.95, told);
        Assert.True(run.Mean("support") >= 0.95, told);
    }

    private static double Contains(System.Text.Json.JsonElement result) =>
        result.Score("contains_answer").TryGetProperty("value", out var value)
        && value.ValueKind == System.Text.Json.JsonValueKind.Number
            ? value.GetDouble()
            : 1;
}
