using System.Net;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>A judge holds the answers of a run against those of another, in both orders.</summary>
public sealed class PreferenceTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private const string Terms = """
        # Notice

        The notice period of the dunlin is sixty days.
        """;

    private const string Plain = "The notice period is sixty days [1].";
    private const string Vague = "There is some notice period [1].";

    [Fact]
    public async Task The_better_answer_is_preferred_wherever_it_stands_and_what_it_takes_is_counted()
    {
        var (olga, dataset, before) = await AnsweredAsync("of the preferred");
        chancery.Scripts["of the preferred"] = _ => new ScriptedReply(Plain);
        chancery.Verdicts["of the preferred"] = request =>
            ScriptedJudge.Preference(
                request,
                "sixty days",
                IsFirst(request, "is sixty days", "some notice period") ? "first" : "second"
            );

        var after = await PreferAsync(olga, dataset, before);
        var back = await PreferAsync(olga, dataset, after.Id(), () => Vague, "of the preferred");
        var alone = await olga.RunAsync(new { dataset });

        Assert.Equal(1, after.Mean("judge_preference"));
        Assert.Equal(0, back.Mean("judge_preference"));
        Assert.Equal(before, after.GetProperty("judging").GetProperty("against").GetGuid());
        Assert.All(await olga.ResultsAsync(after.Id()), result => Assert.Equal(1, result.Value("judge_preference")));
        Assert.True(
            after.GetProperty("cost_usd").GetDecimal() > alone.GetProperty("cost_usd").GetDecimal(),
            after.ToString()
        );
        Assert.Null(alone.Mean("judge_preference"));
    }

    [Fact]
    public async Task A_judge_that_prefers_a_place_prefers_neither_and_one_that_breaks_the_form_says_nothing()
    {
        var (olga, dataset, before) = await AnsweredAsync("of the placed");
        chancery.Scripts["of the placed"] = _ => new ScriptedReply(Plain);
        chancery.Verdicts["of the placed"] = request => ScriptedJudge.Preference(request, "notice period", "first");
        var placed = await PreferAsync(olga, dataset, before);
        chancery.Verdicts["of the placed"] = _ => new ScriptedReply("first");

        var known = await PreferAsync(olga, dataset, before);
        var loose = await olga.RunAsync(
            new
            {
                dataset,
                judging = new
                {
                    criteria = new[] { "preference" },
                    against = before,
                    fresh = true,
                },
            }
        );

        Assert.Equal(0.5, placed.Mean("judge_preference"));
        Assert.Equal(0.5, known.Mean("judge_preference"));
        Assert.True(known.GetProperty("cost_usd").GetDecimal() < placed.GetProperty("cost_usd").GetDecimal());
        Assert.Null(loose.Mean("judge_preference"));
        Assert.All(
            await olga.ResultsAsync(loose.Id()),
            result => Assert.Equal("failed", result.Score("judge_preference").Text("state"))
        );
    }

    [Fact]
    public async Task Only_another_run_of_the_dataset_is_compared_with()
    {
        var (olga, dataset, before) = await AnsweredAsync("of the related");
        var (stranger, _, foreign) = await AnsweredAsync("of the strange");
        var other = await olga.RunAsync(new { dataset = await olga.DatasetAsync(new { question = "Else?" }) });

        foreach (
            object judging in new object[]
            {
                new { criteria = new[] { "preference" } },
                new { criteria = new[] { "relevance" }, against = before },
                new { criteria = new[] { "preference" }, against = other.Id() },
                new { criteria = new[] { "preference" }, against = foreign },
                new { criteria = new[] { "preference" }, against = Guid.CreateVersion7() },
            }
        )
        {
            using var refused = await olga.Http.PostAsync("/api/v1/eval/runs", new { dataset, judging });
            Assert.Equal("invalid", await refused.CodeAsync(HttpStatusCode.BadRequest));
        }

        Assert.NotEqual(olga.TenantId, stranger.TenantId);
    }

    private static bool IsFirst(ScriptedRequest request, string one, string other) =>
        request.LastUserMessage.IndexOf(one, StringComparison.Ordinal) is var at
        && at >= 0
        && at < request.LastUserMessage.IndexOf(other, StringComparison.Ordinal);

    private async Task<System.Text.Json.JsonElement> PreferAsync(
        TestUser olga,
        Guid dataset,
        Guid against,
        Func<string>? says = null,
        string? words = null
    )
    {
        if (says is not null)
        {
            chancery.Scripts[words!] = _ => new ScriptedReply(says());
        }

        return await olga.RunAsync(new { dataset, judging = new { criteria = new[] { "preference" }, against } });
    }

    private async Task<(TestUser Olga, Guid Dataset, Guid Run)> AnsweredAsync(string words)
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync(Terms, "terms.md");
        chancery.Scripts[words] = _ => new ScriptedReply(Vague);
        var dataset = await olga.DatasetAsync([
            .. Enumerable
                .Range(1, 3)
                .Select(number => new { question = $"The dunlin's notice period, {number} {words}?" }),
        ]);
        return (olga, dataset, (await olga.RunAsync(new { dataset })).Id());
    }
}
