using System.Net;
using System.Net.Http.Json;
using Chancery.Testing.Models;
using Npgsql;

namespace Chancery.Server.Tests.Gateway;

/// <summary>What calls through the gateway cost, and what happens when there is no money left.</summary>
public sealed class MoneyTests(MoneyTests.Fixture chancery) : IClassFixture<MoneyTests.Fixture>
{
    public sealed class Fixture : GatewayFixture
    {
        public Fixture()
        {
            Settings["LLM_TIMEOUT"] = "30";
            Settings["LLM_DEADLINE"] = "60";
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_ledger_has_what_the_provider_has_to_the_token_and_what_it_costs_to_the_nano_dollar()
    {
        var user = await chancery.SignUpAsync();
        var mark = Guid.CreateVersion7().ToString();
        ScriptedReply[] replies =
        [
            new("Short."),
            new(new string('x', 1_000)),
            new("With a cache.") { Usage = new ScriptedUsage(1_234, 56, CacheRead: 1_000) },
            new("Thoughtful.") { Reasoning = "Hm. Let me see." },
            new("Growing usage, told with each event.") { UsageOnEveryChunk = true },
            new("") { ToolCalls = [new ScriptedToolCall("c", "look", """{"at":"it"}""")] },
        ];
        for (var i = 0; i < replies.Length; i++)
        {
            var reply = replies[i];
            chancery.Scripts[$"{i} {mark}"] = _ => reply;
        }

        var completions = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(i =>
                    Completion.AskAsync(user.Http, Request($"{i % replies.Length} {mark}", stream: i % 2 == 0), Cancel)
                )
        );

        Assert.All(completions, completion => Assert.True(completion.IsDone));
        var bills = chancery
            .Alpha.ChatRequests.Where(request => request.LastUserMessage.EndsWith(mark, StringComparison.Ordinal))
            .Select(request => request.Bill.Billed!)
            .ToList();
        Assert.Equal(60, bills.Count);
        var input = bills.Sum(bill => bill.Input);
        var output = bills.Sum(bill => bill.Output);
        foreach (var completion in completions)
        {
            Assert.Equal("answered", await chancery.LedgerRowsAsync(completion.Header("X-Chancery-Call"), Cancel));
        }

        var (bookedInput, bookedOutput, cost, estimated) = await BookedAsync(user.TenantId);
        Assert.Equal((input, output, 0L), (bookedInput, bookedOutput, estimated));
        // A dollar for a thousand in, two for a thousand out, whatever class of input.
        Assert.Equal((input * 1_000_000) + (output * 2_000_000), cost);
        var told = completions.Where(completion => completion.Headers.ContainsKey("X-Chancery-Cost")).ToList();
        Assert.Equal(30, told.Count);
        Assert.All(told, completion => Assert.Matches(@"^\d+\.\d{2,6}$", completion.Header("X-Chancery-Cost")));
    }

    [Fact]
    public async Task A_provider_that_tells_no_usage_is_booked_by_an_estimate_that_is_marked()
    {
        var user = await chancery.SignUpAsync();
        var question = $"silent about usage {Guid.CreateVersion7()}";
        chancery.Scripts[question] = _ => new ScriptedReply(
            "Twelve words or so are said here, for which somebody has to pay."
        )
        {
            WithUsage = false,
        };

        var completion = await Completion.AskAsync(user.Http, Request(question, stream: true), Cancel);

        Assert.Equal("answered", await chancery.LedgerRowsAsync(completion.Header("X-Chancery-Call"), Cancel));
        var (input, output, cost, estimated) = await BookedAsync(user.TenantId);
        Assert.Equal(1, estimated);
        Assert.InRange(input, 5, 60);
        Assert.InRange(output, 8, 40);
        Assert.True(cost > 0);
    }

    [Fact]
    public async Task Without_money_nobody_is_asked_and_programs_and_people_are_told_which_budget_and_until_when()
    {
        var user = await chancery.SignUpAsync();
        using var set = await user.Http.PutAsJsonAsync(
            new Uri("/api/v1/budgets/organization/month", UriKind.Relative),
            new { cap_usd = 0.25m },
            Cancel
        );
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync(Cancel));
        // Another server believes the old caps for up to two seconds; this one knows at once.
        var before = chancery.Alpha.ChatRequests.Count;

        var completion = await Completion.AskAsync(user.Http, Request("too dear", stream: true), Cancel);

        Assert.Equal((HttpStatusCode.TooManyRequests, "budget_exhausted"), (completion.Status, completion.ErrorCode));
        Assert.Equal("insufficient_quota", completion.Error!.Value.GetProperty("type").GetString());
        Assert.True(int.Parse(completion.Header("Retry-After"), null) > 0);
        Assert.Equal(before, chancery.Alpha.ChatRequests.Count);
        var small = await Completion.AskAsync(
            user.Http,
            new
            {
                model = "alpha/m",
                max_tokens = 20,
                messages = new[] { new { role = "user", content = "Hi" } },
            },
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, small.Status);
        // Ten answers of as many tokens could cost ten times as much.
        var many = await Completion.AskAsync(
            user.Http,
            new
            {
                model = "alpha/m",
                n = 10,
                max_tokens = 20,
                messages = new[] { new { role = "user", content = "Hi" } },
            },
            Cancel
        );
        Assert.Equal("budget_exhausted", many.ErrorCode);
    }

    private static object Request(string question, bool stream) =>
        new
        {
            model = "alpha/m",
            stream,
            messages = new[] { new { role = "user", content = question } },
        };

    private async Task<(long Input, long Output, long Cost, long Estimated)> BookedAsync(Guid tenant)
    {
        await using var command = chancery.Owner.CreateCommand(
            """
            SELECT sum(input + cache_read + cache_write + cache_write_hour)::bigint, sum(output)::bigint,
                   sum(cost_nano)::bigint, count(*) FILTER (WHERE estimated)
            FROM usage_entries WHERE tenant_id = $1 AND event = 'settled'
            """
        );
        command.Parameters.Add(new NpgsqlParameter { Value = tenant });
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        Assert.True(await reader.ReadAsync(Cancel));
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
    }
}
