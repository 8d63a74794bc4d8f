using System.Net;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using static Chancery.Server.Tests.Evaluation.EvaluationApi;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>Datasets, and questions out of files.</summary>
public sealed class DatasetTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bad_rows_of_a_table_are_told_and_the_others_are_taken()
    {
        const string table = """"
            question,expected_answer,document,page,quote,should_refuse,tags
            "Who signs, and when?","Olga|Olga, in May",terms.md,2,"signed by ""Olga""",,contract|people
            ,nothing asked,,,,,
            Which page?,x,terms.md,two,,,
            Is it refused?,,,,,maybe,
            What is not there?,,,,,true,
            One,two,three,4,five,true,six,seven

            """";
        var olga = await chancery.SignUpAsync();
        var dataset = await olga.DatasetAsync();

        var imported = await olga.ImportAsync(dataset, table, "questions.csv");
        var questions = (await olga.GetAsync($"{Datasets}/{dataset}/questions")).Items();

        Assert.Equal(2, imported.GetProperty("added").GetInt32());
        Assert.Equal(4, imported.GetProperty("rejected_count").GetInt32());
        Assert.Equal(
            [3, 4, 5, 7],
            imported.GetProperty("rejected").EnumerateArray().Select(row => row.GetProperty("row").GetInt32())
        );
        Assert.Equal("Who signs, and when?", questions[0].Text("question"));
        Assert.Equal("Olga, in May", questions[0].GetProperty("expected_answers")[1].GetString());
        Assert.Equal("signed by \"Olga\"", questions[0].GetProperty("expected_places")[0].Text("quote"));
        Assert.True(questions[1].GetProperty("should_refuse").GetBoolean());
    }

    [Fact]
    public async Task Lines_of_json_are_taken_and_those_that_are_not_are_told()
    {
        const string lines = """
            {"question":"First?","expected_answers":["one"]}
            not json
            {"question":""}

            {"question":"Second?","expected_answers":["two"],"should_refuse":true}
            {"question":"Third?","should_refuse":true}
            """;
        var olga = await chancery.SignUpAsync();
        var dataset = await olga.DatasetAsync();

        var imported = await olga.ImportAsync(dataset, lines, "questions.jsonl");
        var nothing = await olga.ImportAsync(dataset, "{\"question\":\"\"}", "no.jsonl", HttpStatusCode.BadRequest);

        Assert.Equal(2, imported.GetProperty("added").GetInt32());
        Assert.Equal(
            [2, 3, 5],
            imported.GetProperty("rejected").EnumerateArray().Select(row => row.GetProperty("row").GetInt32())
        );
        Assert.Equal(2, imported.GetProperty("dataset").GetProperty("questions").GetInt32());
        Assert.Contains("Row 1", nothing.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Questions_come_in_pages_and_go_one_by_one()
    {
        var olga = await chancery.SignUpAsync();
        var dataset = await olga.DatasetAsync([
            .. Enumerable.Range(1, 5).Select(number => new { question = $"Question {number}?" }),
        ]);

        var first = await olga.GetAsync($"{Datasets}/{dataset}/questions?limit=3");
        using var gone = await olga.Http.DeleteAsync($"{Datasets}/{dataset}/questions/{first.Items()[0].Id()}", Cancel);
        var second = await olga.GetAsync($"{Datasets}/{dataset}/questions?limit=3&cursor={first.Text("next_cursor")}");
        await olga.PostAsync(
            $"{Datasets}/{dataset}/questions",
            new { questions = new[] { new { question = "Question 6?" } } },
            HttpStatusCode.Created
        );
        var all = (await olga.GetAsync($"{Datasets}/{dataset}/questions")).Items();

        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        Assert.Equal([4, 5], second.Items().Select(question => question.GetProperty("number").GetInt32()));
        Assert.False(
            second.TryGetProperty("next_cursor", out var none) && none.ValueKind != System.Text.Json.JsonValueKind.Null
        );
        Assert.Equal([2, 3, 4, 5, 6], all.Select(question => question.GetProperty("number").GetInt32()));
    }

    [Fact]
    public async Task A_name_is_taken_once_and_what_cannot_be_asked_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var named = await olga.PostAsync(Datasets, new { name = "Mine" }, HttpStatusCode.Created);

        var taken = await olga.PostAsync(Datasets, new { name = "Mine" }, HttpStatusCode.Conflict);
        var empty = await olga.PostAsync(
            Runs,
            new { dataset = named.Id(), target = new { kind = "search" } },
            HttpStatusCode.BadRequest
        );
        var kind = await olga.PostAsync(
            Runs,
            new { dataset = named.Id(), target = new { kind = "guess" } },
            HttpStatusCode.BadRequest
        );
        var judge = await olga.PostAsync(
            Runs,
            new { dataset = named.Id(), judging = new { criteria = new[] { "relevance" } } },
            HttpStatusCode.BadRequest
        );
        await vera.PostAsync(Datasets, new { name = "Hers" }, HttpStatusCode.Forbidden);
        await olga.PostAsync(
            Datasets,
            new
            {
                name = "Both",
                questions = new[]
                {
                    new
                    {
                        question = "Both?",
                        expected_answers = new[] { "yes" },
                        should_refuse = true,
                    },
                },
            },
            HttpStatusCode.BadRequest
        );

        Assert.Equal("eval-dataset-name-taken", taken.Text("code"));
        Assert.Contains("dataset", empty.GetProperty("errors").ToString(), StringComparison.Ordinal);
        Assert.Contains("target.kind", kind.GetProperty("errors").ToString(), StringComparison.Ordinal);
        Assert.Contains("none is connected", judge.GetProperty("errors").ToString(), StringComparison.Ordinal);
    }
}
