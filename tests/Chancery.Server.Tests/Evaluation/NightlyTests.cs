using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using static Chancery.Server.Tests.Evaluation.EvaluationApi;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>Active datasets are asked every night, and what became worse is told.</summary>
public sealed class NightlyTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_active_dataset_is_asked_once_a_night_and_a_fall_goes_to_the_record()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the godwit is sixty days.", "terms.md");
        var answer = "The notice period is sixty days [1].";
        chancery.Scripts["of the night"] = _ => new ScriptedReply(answer);
        var active = await ActiveAsync(olga, "Active", isActive: true);
        await ActiveAsync(olga, "Asleep", isActive: false);

        await NightAsync();
        await NightAsync();
        var first = await olga.EndedAsync(Assert.Single(await RunsAsync(olga)).Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        answer = "Nobody knows.";
        await NightAsync();
        var second = await olga.EndedAsync((await RunsAsync(olga))[0].Id());

        Assert.Equal("nightly", first.Text("origin"));
        Assert.Equal(active, first.GetProperty("dataset_id").GetGuid());
        Assert.Empty(first.GetProperty("regressions").EnumerateArray());
        var worse = second.GetProperty("regressions").EnumerateArray().Select(one => one.Text("name")).ToArray();
        Assert.Contains("contains_answer", worse);
        Assert.Contains("refusal_correct", worse);
        var told = await EventuallyAsync(async () =>
            (await olga.GetAsync("/api/v1/audit?limit=50"))
                .Items()
                .FirstOrDefault(entry => entry.Text("action") == "eval_run.regressed")
        );
        Assert.Equal(second.Id().ToString(), told.GetProperty("subject").Text("id"));
    }

    private static async Task<Guid> ActiveAsync(TestUser olga, string name, bool isActive) =>
        (
            await olga.PostAsync(
                Datasets,
                new
                {
                    name,
                    is_active = isActive,
                    questions = Enumerable
                        .Range(1, 8)
                        .Select(number => new
                        {
                            question = $"The godwit's notice period, number {number} of the night?",
                            expected_answers = new[] { "sixty days" },
                        }),
                },
                HttpStatusCode.Created
            )
        ).Id();

    private async Task NightAsync() =>
        Assert.Equal(0, await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("evaluation", Cancel));

    private static async Task<JsonElement[]> RunsAsync(TestUser olga) => (await olga.GetAsync(Runs)).Items();

    private async Task ExecuteAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<JsonElement> EventuallyAsync(Func<Task<JsonElement>> look)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await look() is { ValueKind: JsonValueKind.Object } found)
            {
                return found;
            }

            await Task.Delay(50, Cancel);
        }

        throw new TimeoutException("It did not come to that.");
    }
}
