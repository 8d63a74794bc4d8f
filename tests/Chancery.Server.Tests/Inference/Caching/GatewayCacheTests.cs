using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Tests.Gateway;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Inference.Caching;

/// <summary>Programs that ask for the cache, and those that ask beside them.</summary>
public sealed class GatewayCacheTests(GatewayCacheTests.Fixture chancery) : IClassFixture<GatewayCacheTests.Fixture>
{
    public sealed class Fixture : GatewayFixture
    {
        public Fixture()
        {
            Settings["LLM_TIMEOUT"] = "30";
            Settings["LLM_DEADLINE"] = "60";
            Settings["LLM_RETRIES"] = "0";
            Settings["OPERATOR_TOKEN"] = "an operator's token of some length";
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_being_asked_nothing_is_answered_from_the_cache()
    {
        var user = await chancery.SignUpAsync();
        var question = Script(_ => new ScriptedReply("Once."));

        var first = await AskAsync(user.Http, question, header: null);
        var second = await AskAsync(user.Http, question, header: null);

        Assert.Equal(
            ("off", "off", 2),
            (first.Header("X-Chancery-Cache"), second.Header("X-Chancery-Cache"), Asked(question))
        );
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task The_same_again_is_the_same_answer_in_the_shape_that_is_asked_for_and_costs_nothing(
        bool streamsFirst,
        bool streamsThen
    )
    {
        var user = await chancery.SignUpAsync();
        const string said = "Die Frist beträgt 30 Tage – \"wirklich\" 🙂.\nUnd mehr.";
        var question = Script(_ => new ScriptedReply(said) { Reasoning = "Hm." });

        var first = await AskAsync(user.Http, question, stream: streamsFirst);
        var second = await AskAsync(user.Http, question, stream: streamsThen);

        Assert.Equal((said, "stop", true), (first.Text, first.FinishReason, first.IsDone));
        Assert.Equal((said, "stop", true), (second.Text, second.FinishReason, second.IsDone));
        Assert.Equal(
            ("miss", "hit", 1),
            (first.Header("X-Chancery-Cache"), second.Header("X-Chancery-Cache"), Asked(question))
        );
        Assert.Equal("0", second.Header("X-Chancery-Attempts"));
        Assert.Equal(
            first.Events[0].GetProperty("model").GetString(),
            second.Events[0].GetProperty("model").GetString()
        );
        Assert.NotEqual(first.Events[0].GetProperty("id").GetString(), second.Events[0].GetProperty("id").GetString());
        Assert.Matches(@"^0\.\d+$|^\d+\.\d+$", second.Header("X-Chancery-Saved"));
        if (!streamsThen)
        {
            Assert.Equal("0.00", second.Header("X-Chancery-Cost"));
            Assert.Equal(0, second.Usage!.Value.GetProperty("total_tokens").GetInt32());
        }

        // One row for each call: the second took nothing and says what it saved.
        var rows = await RowsAsync(second.Header("X-Chancery-Call"));
        var row = Assert.Single(rows);
        Assert.Equal((true, false, 0L), (row.CacheHit, row.Billed, row.Tokens));
        var paid = Assert.Single(await RowsAsync(first.Header("X-Chancery-Call")));
        Assert.Equal((false, true), (paid.CacheHit, paid.Billed));
        Assert.True(paid.Cost > 0);
        Assert.Equal(paid.Cost, row.Cost);
    }

    [Fact]
    public async Task A_hundred_who_ask_the_same_at_once_are_one_call_of_the_model_and_the_same_answer()
    {
        var user = await chancery.SignUpAsync();
        var held = new TaskCompletionSource();
        var question = Script(_ => new ScriptedReply("One for all of you.") { Held = held.Task });

        var asking = Enumerable.Range(0, 100).Select(i => AskAsync(user.Http, question, stream: i % 2 == 0)).ToList();
        await Eventually(() => Flights.Count == 1 && Asked(question) == 1);
        await Task.Delay(300, Cancel);
        held.SetResult();
        var answers = await Task.WhenAll(asking);

        Assert.All(answers, answer => Assert.Equal(("One for all of you.", true), (answer.Text, answer.IsDone)));
        Assert.Equal(1, Asked(question));
        Assert.Single(answers, answer => answer.Header("X-Chancery-Cache") == "miss");
        Assert.Equal(0, Flights.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_asked_first_may_leave_and_those_who_wait_are_answered_by_the_same_call(bool hasBegun)
    {
        var user = await chancery.SignUpAsync();
        var held = new TaskCompletionSource();
        // Everything is held, or all but the first words.
        var question = Script(_ =>
            hasBegun
                ? new ScriptedReply("It goes on and on without them.")
                {
                    BetweenChunks = TimeSpan.FromMilliseconds(60),
                    ChunkLength = 1,
                }
                : new ScriptedReply("It goes on and on without them.") { Held = held.Task }
        );
        using var leaving = new CancellationTokenSource();
        var leader = LeaveAsync(user.Http, question, hasBegun, leaving.Token);
        await Eventually(() => Asked(question) == 1);
        var follower = AskAsync(user.Http, question, stream: true);
        await Eventually(() => Flights.Followers == 1);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        held.TrySetResult();

        var answer = await follower;
        Assert.Equal(("It goes on and on without them.", "hit"), (answer.Text, answer.Header("X-Chancery-Cache")));
        Assert.Equal(1, Asked(question));
        await Eventually(() => Flights.Count == 0);
    }

    [Fact]
    public async Task When_everybody_leaves_the_call_ends_and_the_next_one_asks_anew()
    {
        var user = await chancery.SignUpAsync();
        var held = new TaskCompletionSource();
        var question = Script(_ => new ScriptedReply("Late.") { Held = held.Task });
        using var leaving = new CancellationTokenSource();
        var first = LeaveAsync(user.Http, question, false, leaving.Token);
        await Eventually(() => Asked(question) == 1);
        var second = LeaveAsync(user.Http, question, false, leaving.Token);
        await Eventually(() => Flights.Followers == 1);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        await Eventually(() => Flights.Count == 0 && chancery.Alpha.Running == 0);
        held.SetResult();
        Assert.Equal("Late.", (await AskAsync(user.Http, question)).Text);
        Assert.Equal(2, Asked(question));
    }

    [Fact]
    public async Task A_failure_is_told_to_whoever_asked_first_and_the_others_ask_for_themselves()
    {
        var user = await chancery.SignUpAsync();
        var held = new TaskCompletionSource();
        var calls = 0;
        var question = Script(_ =>
            Interlocked.Increment(ref calls) == 1
                ? ScriptedReply.Failing(500) with
                {
                    Held = held.Task,
                }
                : new ScriptedReply("Better now.")
        );

        var first = AskAsync(user.Http, question);
        await Eventually(() => calls == 1);
        var others = Enumerable.Range(0, 5).Select(_ => AskAsync(user.Http, question)).ToList();
        await Eventually(() => Flights.Followers == 5);
        held.SetResult();

        Assert.NotEqual(HttpStatusCode.OK, (await first).Status);
        Assert.All(await Task.WhenAll(others), answer => Assert.Equal("Better now.", answer.Text));
    }

    public static TheoryData<string> Incomplete =>
        [
            "length",
            "content_filter",
            "tool",
            "refusal",
            "truncation",
            "reset",
            "malformed",
            "error",
            "empty",
            "no finish",
        ];

    [Theory]
    [MemberData(nameof(Incomplete))]
    public async Task What_is_not_a_whole_answer_is_given_to_nobody_again(string fault)
    {
        var user = await chancery.SignUpAsync();
        foreach (var stream in (bool[])[true, false])
        {
            var question = Script(_ =>
                fault switch
                {
                    "length" or "content_filter" => new ScriptedReply("Half of an ans") { FinishReason = fault },
                    "tool" => new ScriptedReply("I look.")
                    {
                        ToolCalls = [new ScriptedToolCall("c", "look")],
                        FinishReason = "stop",
                    },
                    "refusal" => new ScriptedReply { Refusal = "I will not." },
                    "truncation" => ScriptedFault.Truncation,
                    "reset" => ScriptedFault.Reset,
                    "malformed" => ScriptedFault.MalformedJson,
                    "error" => ScriptedFault.ErrorObject,
                    "empty" => new ScriptedReply(""),
                    _ => new ScriptedReply("All of it.") { FinishReason = null, Ending = StreamEnding.WithoutFinish },
                }
            );

            await AskAsync(user.Http, question, stream: stream);
            var second = await AskAsync(user.Http, question, stream: stream);

            Assert.NotEqual("hit", second.Header("X-Chancery-Cache"));
            Assert.Equal(2, Asked(question));
        }
    }

    [Fact]
    public async Task An_answer_of_whom_the_chain_fell_back_to_is_not_kept()
    {
        var user = await chancery.SignUpAsync();
        var question = Script(_ => ScriptedReply.Failing(500));

        var first = await AskAsync(user.Http, question, model: "both");
        var second = await AskAsync(user.Http, question, model: "both");

        Assert.Equal((GatewayFixture.BetaSays, GatewayFixture.BetaSays), (first.Text, second.Text));
        Assert.NotEqual("hit", second.Header("X-Chancery-Cache"));
    }

    [Fact]
    public async Task Tools_and_several_answers_and_probabilities_pass_the_cache_by()
    {
        var user = await chancery.SignUpAsync();
        var question = Script(_ => new ScriptedReply("Plain."));
        object[] extras =
        [
            new { tools = new[] { new { type = "function", function = new { name = "look" } } } },
            new { n = 2 },
            new { logprobs = true },
            new { store = true },
            new
            {
                messages = new object[]
                {
                    new
                    {
                        role = "tool",
                        tool_call_id = "1",
                        content = "21 °C",
                    },
                    new { role = "user", content = question },
                },
            },
            new
            {
                messages = new object[]
                {
                    new
                    {
                        role = "user",
                        content = new object[]
                        {
                            new { type = "text", text = question },
                            new { type = "image_url", image_url = new { url = "https://example.com/now.jpg" } },
                        },
                    },
                },
            },
        ];
        foreach (var extra in extras)
        {
            for (var i = 0; i < 2; i++)
            {
                var answer = await AskAsync(user.Http, question, extra: extra);
                Assert.Equal("bypass", answer.Header("X-Chancery-Cache"));
            }
        }

        Assert.Equal(2 * extras.Length, Asked(question));
    }

    [Fact]
    public async Task Another_parameter_is_another_question_and_how_it_is_told_is_not()
    {
        var user = await chancery.SignUpAsync();
        var question = Script(_ => new ScriptedReply("Plain."));
        await AskAsync(user.Http, question);
        foreach (
            var extra in (object[])
                [
                    new { temperature = 0.2 },
                    new { top_p = 0.3 },
                    new { stop = "x" },
                    new { seed = 1 },
                    new { max_tokens = 9 },
                    new { unheard_of = 1 },
                ]
        )
        {
            Assert.Equal("miss", (await AskAsync(user.Http, question, extra: extra)).Header("X-Chancery-Cache"));
            Assert.Equal("hit", (await AskAsync(user.Http, question, extra: extra)).Header("X-Chancery-Cache"));
        }

        foreach (
            var extra in (object[])
                [
                    new { user = "u" },
                    new { metadata = new { a = "b" } },
                    new { stream_options = new { include_usage = true } },
                ]
        )
        {
            Assert.Equal("hit", (await AskAsync(user.Http, question, extra: extra)).Header("X-Chancery-Cache"));
        }
    }

    [Fact]
    public async Task An_answer_is_its_askers_own_unless_both_share_and_never_another_organisations()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "viewer");
        var stranger = await chancery.SignUpAsync("Globex");
        var question = Script(_ => new ScriptedReply("Between us."));
        string StatusOf(Completion completion) => completion.Header("X-Chancery-Cache");

        Assert.Equal("miss", StatusOf(await AskAsync(olga.Http, question)));
        Assert.Equal("miss", StatusOf(await AskAsync(ina.Http, question)));
        Assert.Equal("miss", StatusOf(await AskAsync(ina.Http, question, header: "shared")));
        Assert.Equal("hit", StatusOf(await AskAsync(olga.Http, question, header: "shared")));
        Assert.Equal("miss", StatusOf(await AskAsync(stranger.Http, question, header: "shared")));
        Assert.Equal("miss", StatusOf(await AskAsync(stranger.Http, question)));
        Assert.Equal("hit", StatusOf(await AskAsync(stranger.Http, question)));
        var wrong = await AskAsync(olga.Http, question, header: "perhaps");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
    }

    [Fact]
    public async Task Whoever_wants_it_anew_gets_it_anew_and_whoever_wants_it_nowhere_leaves_no_trace()
    {
        var user = await chancery.SignUpAsync();
        var calls = 0;
        var question = Script(_ => new ScriptedReply($"Answer {Interlocked.Increment(ref calls)}."));

        Assert.Equal("Answer 1.", (await AskAsync(user.Http, question, control: "no-store")).Text);
        Assert.Equal("Answer 2.", (await AskAsync(user.Http, question)).Text);
        var anew = await AskAsync(user.Http, question, control: "no-cache");
        Assert.Equal(("Answer 3.", "bypass"), (anew.Text, anew.Header("X-Chancery-Cache")));
        Assert.Equal("Answer 3.", (await AskAsync(user.Http, question)).Text);
        Assert.Equal("Answer 3.", (await AskAsync(user.Http, question, control: "max-age=600")).Text);
        Assert.Equal("Answer 4.", (await AskAsync(user.Http, question, control: "max-age=0")).Text);
    }

    [Fact]
    public async Task Without_money_there_is_no_answer_from_the_cache_either()
    {
        var user = await chancery.SignUpAsync();
        var question = Script(_ => new ScriptedReply("Dear."));
        Assert.Equal("Dear.", (await AskAsync(user.Http, question)).Text);
        using var set = await user.Http.PutAsJsonAsync(
            new Uri("/api/v1/budgets/organization/month", UriKind.Relative),
            new { cap_usd = 0.01m },
            Cancel
        );
        Assert.True(set.IsSuccessStatusCode);

        var refused = await AskAsync(user.Http, question);

        Assert.Equal((HttpStatusCode.TooManyRequests, "budget_exhausted"), (refused.Status, refused.ErrorCode));
        Assert.Equal(1, Asked(question));
    }

    [Fact]
    public async Task The_other_faces_replay_the_same_answer_in_their_own_shape()
    {
        var user = await chancery.SignUpAsync();
        var question = Script(_ => new ScriptedReply("The same in all shapes."));
        foreach (var stream in (bool[])[false, true])
        {
            var messages = await PostAsync(
                user.Http,
                "/v1/messages",
                new
                {
                    model = "alpha/m",
                    max_tokens = 50,
                    stream,
                    messages = new[] { new { role = "user", content = question } },
                }
            );
            var responses = await PostAsync(
                user.Http,
                "/v1/responses",
                new
                {
                    model = "alpha/m",
                    stream,
                    input = question,
                }
            );

            Assert.All(
                (List<(string Status, string Body)>)[messages, responses],
                answer =>
                {
                    Assert.Equal(stream ? "hit" : "miss", answer.Status);
                    Assert.Contains("The same in all shapes.", answer.Body, StringComparison.Ordinal);
                }
            );
            Assert.Equal(stream, messages.Body.Contains("event: message_stop", StringComparison.Ordinal));
            Assert.Equal(stream, responses.Body.Contains("event: response.completed", StringComparison.Ordinal));
        }

        Assert.Equal(2, Asked(question));
    }

    [Fact]
    public async Task Another_server_gives_the_answer_too_and_none_does_a_second_after_it_was_given_up()
    {
        var user = await chancery.SignUpAsync();
        using var other = ChanceryFixture.Client(await chancery.StartReplicaAsync());
        other.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        var calls = 0;
        var question = Script(_ => new ScriptedReply($"Answer {Interlocked.Increment(ref calls)}."));
        Assert.Equal("Answer 1.", (await AskAsync(user.Http, question)).Text);
        await Eventually(async () => (await AskAsync(other, question)).Text == "Answer 1.");

        using var removed = await other.DeleteAsync(
            new Uri("/api/v1/cache?namespace=gateway", UriKind.Relative),
            Cancel
        );

        Assert.Equal(
            1,
            (await removed.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("removed").GetInt32()
        );
        await Task.Delay(CacheStamps.Fresh + TimeSpan.FromMilliseconds(100), Cancel);
        Assert.Equal("Answer 2.", (await AskAsync(user.Http, question)).Text);
        // What the other server answered is told once it has written it down.
        await Eventually(async () =>
        {
            var told = await user.Http.GetFromJsonAsync<JsonElement>("/api/v1/cache/statistics", Cancel);
            return told.GetProperty("hits").GetInt64() >= 1
                && told.GetProperty("saved_usd").GetDecimal() > 0
                && told.GetProperty("misses").GetInt64() >= 2;
        });
    }

    [Fact]
    public async Task Operators_see_how_the_cache_does_and_give_up_one_organisations_answers_only()
    {
        var olga = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync("Globex");
        var question = Script(_ => new ScriptedReply("Known."));
        await AskAsync(olga.Http, question);
        await AskAsync(stranger.Http, question);
        using var client = chancery.Anonymous();
        var address = new Uri("/operator/cache", UriKind.Relative);
        using var refused = await client.GetAsync(address, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", chancery.Settings["OPERATOR_TOKEN"]);

        var state = await client.GetFromJsonAsync<JsonElement>(address, Cancel);
        using var removed = await client.DeleteAsync(
            new Uri($"{address}?tenant={olga.TenantId}", UriKind.Relative),
            Cancel
        );
        using var nobody = await client.DeleteAsync(address, Cancel);

        Assert.True(state.GetProperty("on").GetBoolean());
        Assert.True(state.GetProperty("answers").GetInt32() > 0);
        Assert.True(state.GetProperty("bytes").GetInt64() > 0);
        Assert.True(state.GetProperty("redis_server").GetProperty("connected_clients").GetInt64() > 0);
        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, nobody.StatusCode);
        await Task.Delay(CacheStamps.Fresh + TimeSpan.FromMilliseconds(100), Cancel);
        Assert.Equal("miss", (await AskAsync(olga.Http, question)).Header("X-Chancery-Cache"));
        Assert.Equal("hit", (await AskAsync(stranger.Http, question)).Header("X-Chancery-Cache"));
        using var viewer = (await chancery.InviteAsync(olga, "viewer")).Http;
        using var forbidden = await viewer.GetAsync(new Uri("/api/v1/cache/statistics", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    private AnswerFlights Flights => chancery.Services.GetRequiredService<AnswerFlights>();

    private string Script(Func<ScriptedRequest, ScriptedReply> script)
    {
        var question = $"Question {Guid.CreateVersion7()}";
        chancery.Scripts[question] = script;
        return question;
    }

    private int Asked(string question) =>
        chancery.Alpha.ChatRequests.Count(request => request.LastUserMessage == question);

    private static Task<Completion> AskAsync(
        HttpClient client,
        string question,
        bool stream = false,
        string? header = "on",
        string? control = null,
        string model = "alpha/m",
        object? extra = null
    )
    {
        var body = JsonSerializer
            .SerializeToNode(
                new
                {
                    model,
                    stream,
                    messages = new[] { new { role = "user", content = question } },
                }
            )!
            .AsObject();
        foreach (var (name, value) in JsonSerializer.SerializeToNode(extra ?? new { })!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        return Completion.AskAsync(client, body, Cancel, Headers(header, control));
    }

    private static Dictionary<string, string> Headers(string? header, string? control)
    {
        var headers = new Dictionary<string, string>();
        if (header is not null)
        {
            headers["X-Chancery-Cache"] = header;
        }

        if (control is not null)
        {
            headers["Cache-Control"] = control;
        }

        return headers;
    }

    /// <summary>Asks, and ends in a cancellation: before the answer begins, or after its first bytes.</summary>
    private static async Task LeaveAsync(HttpClient client, string question, bool readsFirst, CancellationToken leaving)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative));
        message.Headers.Add("X-Chancery-Cache", "on");
        message.Content = JsonContent.Create(
            new
            {
                model = "alpha/m",
                stream = true,
                messages = new[] { new { role = "user", content = question } },
            }
        );
        using var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, leaving);
        Assert.True(readsFirst);
        await using var body = await response.Content.ReadAsStreamAsync(leaving);
        var buffer = new byte[1024];
        while (await body.ReadAsync(buffer, leaving) > 0) { }
        leaving.ThrowIfCancellationRequested();
    }

    private static async Task<(string Status, string Body)> PostAsync(HttpClient client, string path, object body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        message.Headers.Add("X-Chancery-Cache", "on");
        message.Content = JsonContent.Create(body);
        using var response = await client.SendAsync(message, Cancel);
        return (
            response.Headers.GetValues("X-Chancery-Cache").Single(),
            await response.Content.ReadAsStringAsync(Cancel)
        );
    }

    private sealed record Row(bool CacheHit, bool Billed, long Tokens, long Cost);

    private async Task<List<Row>> RowsAsync(string call)
    {
        await chancery.LedgerRowsAsync(call, Cancel);
        await using var command = chancery.Owner.CreateCommand(
            "SELECT cache_hit, billed, input + output, cost_nano FROM usage_entries WHERE request_id = $1 AND event = 'settled'"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = Guid.Parse(call) });
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var rows = new List<Row>();
        while (await reader.ReadAsync(Cancel))
        {
            rows.Add(new Row(reader.GetBoolean(0), reader.GetBoolean(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return rows;
    }

    private static Task Eventually(Func<bool> holds) => Eventually(() => Task.FromResult(holds()));

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            Assert.True(tries < 2400, "It never came about.");
            await Task.Delay(25, Cancel);
        }
    }
}
