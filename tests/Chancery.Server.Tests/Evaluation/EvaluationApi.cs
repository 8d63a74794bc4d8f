using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>The calls of evaluation that these tests make, in a line each.</summary>
internal static class EvaluationApi
{
    public const string Datasets = "/api/v1/eval/datasets";
    public const string Runs = "/api/v1/eval/runs";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Guid> DatasetAsync(this TestUser user, params object[] questions) =>
        (
            await user.PostAsync(
                Datasets,
                new { name = $"Set {Guid.CreateVersion7():n}", questions },
                HttpStatusCode.Created
            )
        ).Id();

    public static async Task<JsonElement> ImportAsync(
        this TestUser user,
        Guid dataset,
        string file,
        string name,
        HttpStatusCode expected = HttpStatusCode.Created
    )
    {
        using var form = KnowledgeApi.Form(Encoding.UTF8.GetBytes(file), name);
        return await KnowledgeApi.BodyAsync(
            await user.Http.PostAsync($"{Datasets}/{dataset}/import", form, Cancel),
            expected
        );
    }

    public static async Task<JsonElement> PatchAsync(
        this TestUser user,
        string path,
        object body,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        using var response = await user.Http.PatchAsJsonAsync(path, body, Cancel);
        return await KnowledgeApi.BodyAsync(response, expected);
    }

    public static async Task<Guid> StartAsync(this TestUser user, object run) =>
        (await user.PostAsync(Runs, run, HttpStatusCode.Created)).Id();

    /// <summary>Waits until the run has ended, and answers it.</summary>
    public static async Task<JsonElement> EndedAsync(this TestUser user, Guid run, string expected = "done")
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(90);
        while (true)
        {
            var now = await user.GetAsync($"{Runs}/{run}");
            if (now.Text("state") is var state and not ("queued" or "running"))
            {
                Assert.True(state == expected, $"Expected {expected}: {now}");
                return now;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Still {now}");
            await Task.Delay(50, Cancel);
        }
    }

    /// <summary>Starts a run and waits for its end.</summary>
    public static async Task<JsonElement> RunAsync(this TestUser user, object run, string expected = "done") =>
        await user.EndedAsync(await user.StartAsync(run), expected);

    public static async Task<JsonElement[]> ResultsAsync(this TestUser user, Guid run) =>
        (await user.GetAsync($"{Runs}/{run}/results")).Items();

    /// <summary>Of a run its mean; null where there is none.</summary>
    public static double? Mean(this JsonElement run, string score) =>
        run.GetProperty("scores")
            .EnumerateArray()
            .Where(one => one.Text("name") == score)
            .Select(Mean)
            .SingleOrDefault();

    public static JsonElement Score(this JsonElement result, string name) =>
        result.GetProperty("scores").EnumerateArray().Single(score => score.Text("name") == name);

    public static double Value(this JsonElement result, string score) =>
        result.Score(score).GetProperty("value").GetDouble();

    private static double? Mean(JsonElement score) =>
        score.TryGetProperty("mean", out var mean) ? mean.GetDouble() : null;
}
