using System.Net;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Gateway;

/// <summary>What a client sends reaches the model as it was, what the model says reaches the client, and whoever leaves ends it.</summary>
public sealed class RelayTests(RelayTests.Fixture chancery) : IClassFixture<RelayTests.Fixture>
{
    public sealed class Fixture : GatewayFixture
    {
        public Fixture()
        {
            Settings["LLM_TIMEOUT"] = "20";
            Settings["LLM_DEADLINE"] = "60";
            Settings["LLM_LONGEST_WAIT"] = "3";
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_that_nobody_here_knows_reach_the_provider_and_the_rest_is_adapted_to_it()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("passes on");

        var completion = await Completion.AskAsync(
            user.Http,
            new Dictionary<string, object?>
            {
                ["logit_bias"] = new Dictionary<string, int> { ["50256"] = -100 },
                ["model"] = "alpha/m",
                ["stream"] = true,
                ["stream_options"] = new { include_usage = true },
                ["something_new"] = new[] { 1, 2 },
                ["max_completion_tokens"] = 99_999,
                ["messages"] = new[]
                {
                    new
                    {
                        role = "user",
                        content = question,
                        name = "Ümit",
                    },
                },
            },
            Cancel
        );

        Assert.True(completion.IsDone);
        Assert.NotNull(completion.Usage);
        var sent = Sent(question).Body;
        Assert.Equal("m", sent.GetProperty("model").GetString());
        Assert.Equal(-100, sent.GetProperty("logit_bias").GetProperty("50256").GetInt32());
        Assert.Equal(2, sent.GetProperty("something_new").GetArrayLength());
        Assert.Equal("Ümit", sent.GetProperty("messages")[0].GetProperty("name").GetString());
        // What the model writes at most.
        Assert.Equal(500, sent.GetProperty("max_tokens").GetInt32());
        Assert.False(sent.TryGetProperty("max_completion_tokens", out _));
        Assert.Equal("sk-alpha", Sent(question).ApiKey);
    }

    [Fact]
    public async Task Usage_is_asked_for_and_kept_from_clients_that_did_not_ask()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("no usage");

        var completion = await AskAsync(user, question, stream: true);

        Assert.Null(completion.Usage);
        Assert.True(Sent(question).Body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Fact]
    public async Task Tool_calls_come_through_piece_by_piece_and_whole()
    {
        var user = await chancery.SignUpAsync();
        foreach (var stream in new[] { true, false })
        {
            var question = Question("calls a tool");
            chancery.Scripts[question] = _ => new ScriptedReply
            {
                ToolCalls = [new ScriptedToolCall("call_1", "weather", """{"city":"Bern"}""")],
            };

            var completion = await AskAsync(user, question, stream);

            Assert.Equal("tool_calls", completion.FinishReason);
            Assert.Contains(
                "weather",
                string.Concat(completion.Events.Select(happened => happened.GetRawText())),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Whoever_leaves_ends_the_models_work_and_pays_for_what_there_was_and_nobody_else_is_asked()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("endless");
        chancery.Scripts[question] = _ => new ScriptedReply("On and on. ")
        {
            Ending = StreamEnding.Endless,
            BetweenChunks = TimeSpan.FromMilliseconds(20),
        };
        var others = chancery.Beta.ChatRequests.Count;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative))
        {
            Content = System.Net.Http.Json.JsonContent.Create(
                new
                {
                    model = "both",
                    stream = true,
                    messages = new[] { new { role = "user", content = question } },
                }
            ),
        };
        using var response = await user.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            leaving.Token
        );
        var call = response.Headers.GetValues("X-Chancery-Call").Single();
        await using (var body = await response.Content.ReadAsStreamAsync(leaving.Token))
        {
            await body.ReadAtLeastAsync(new byte[200], 200, cancellationToken: leaving.Token);
        }

        await leaving.CancelAsync();
        response.Dispose();

        Assert.Equal("cancelled", await chancery.LedgerRowsAsync(call, Cancel));
        for (var tries = 0; chancery.Alpha.Running > 0; tries++)
        {
            Assert.True(tries < 200, "The model goes on.");
            await Task.Delay(25, Cancel);
        }

        Assert.Equal(others, chancery.Beta.ChatRequests.Count);
    }

    [Fact]
    public async Task A_stream_ends_when_its_caller_signs_out()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("goes on");
        chancery.Scripts[question] = _ => new ScriptedReply("On and on. ")
        {
            Ending = StreamEnding.Endless,
            BetweenChunks = TimeSpan.FromMilliseconds(50),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative))
        {
            Content = System.Net.Http.Json.JsonContent.Create(Request(question, stream: true)),
        };
        using var response = await user.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        await body.ReadAtLeastAsync(new byte[200], 200, cancellationToken: Cancel);

        using var left = await user.Http.PostAsync(new Uri("/api/v1/auth/logout", UriKind.Relative), null, Cancel);

        Assert.True(left.IsSuccessStatusCode);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await body.ReadAsync(new byte[4096], Cancel) > 0) { }

            throw new IOException("It ended.");
        });
        for (var tries = 0; chancery.Alpha.Running > 0; tries++)
        {
            Assert.True(tries < 200, "The model goes on.");
            await Task.Delay(25, Cancel);
        }
    }

    [Fact]
    public async Task Whoever_leaves_before_the_first_word_starts_no_other_attempt()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("held");
        chancery.Scripts[question] = _ => new ScriptedReply("?") { BeforeFirstByte = TimeSpan.FromMinutes(1) };
        var others = chancery.Beta.ChatRequests.Count;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asking = Completion.AskAsync(user.Http, Request(question, stream: true), leaving.Token);
        for (var tries = 0; chancery.Alpha.ChatRequests.All(sent => sent.LastUserMessage != question); tries++)
        {
            Assert.True(tries < 400, "The model was not asked.");
            await Task.Delay(25, Cancel);
        }

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        for (var tries = 0; chancery.Alpha.Running > 0; tries++)
        {
            Assert.True(tries < 200, "The model goes on.");
            await Task.Delay(25, Cancel);
        }

        Assert.Equal(others, chancery.Beta.ChatRequests.Count);
    }

    [Fact]
    public async Task The_only_model_is_waited_for_as_long_as_it_asks_where_that_is_not_too_long()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("wait");
        var times = 0;
        chancery.Scripts[question] = _ =>
            Interlocked.Increment(ref times) == 1
                ? ScriptedReply.Failing(429, TimeSpan.FromSeconds(1))
                : new ScriptedReply("Now.");

        var completion = await AskAsync(user, question, stream: false, model: "alpha/m");

        Assert.Equal(("Now.", "2"), (completion.Text, completion.Header("X-Chancery-Attempts")));
    }

    [Fact]
    public async Task A_model_that_asks_for_too_long_a_wait_is_not_waited_for_and_the_client_is_told()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("wait long");
        chancery.Scripts[question] = _ => ScriptedReply.Failing(429, TimeSpan.FromSeconds(77));

        var completion = await AskAsync(user, question, stream: false, model: "alpha/m");

        Assert.Equal(
            (HttpStatusCode.TooManyRequests, "provider_rate_limit"),
            (completion.Status, completion.ErrorCode)
        );
        Assert.Equal("77", completion.Header("Retry-After"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_same_call_with_a_key_is_answered_again_and_asked_once(bool stream)
    {
        var user = await chancery.SignUpAsync();
        var question = Question("once");
        user.Http.DefaultRequestHeaders.Add("Idempotency-Key", Guid.CreateVersion7().ToString());

        var first = await AskAsync(user, question, stream);
        var again = await AskAsync(user, question, stream);

        Assert.Equal(("Alpha answers.", "Alpha answers."), (first.Text, again.Text));
        Assert.True(again.IsDone);
        Assert.Equal("true", again.Header("Idempotency-Replayed"));
        Assert.Single(chancery.Alpha.ChatRequests, request => request.LastUserMessage == question);
    }

    [Fact]
    public async Task A_stream_that_broke_off_is_not_given_again()
    {
        var user = await chancery.SignUpAsync();
        var question = Question("breaks once");
        var times = 0;
        chancery.Scripts[question] = _ =>
            Interlocked.Increment(ref times) == 1
                ? new ScriptedReply("It breaks off in the middle of it.")
                {
                    ChunksBeforeEnding = 1,
                    Ending = StreamEnding.WithoutFinish,
                }
                : new ScriptedReply("Whole.");
        user.Http.DefaultRequestHeaders.Add("Idempotency-Key", Guid.CreateVersion7().ToString());

        var first = await AskAsync(user, question, stream: true);
        var again = await AskAsync(user, question, stream: true);

        Assert.Equal("provider_broke_off", first.ErrorCode);
        Assert.Equal(("Whole.", true), (again.Text, again.IsDone));
    }

    [Theory]
    [InlineData("", 400, "malformed")]
    [InlineData("[]", 400, "malformed")]
    [InlineData("""{"model":"alpha/m"}""", 400, "invalid_value")]
    [InlineData("""{"model":"alpha/m","messages":{}}""", 400, "invalid_value")]
    [InlineData("""{"model":7,"messages":[]}""", 400, "invalid_value")]
    [InlineData("""{"model":"alpha/m","messages":[],"max_tokens":-1}""", 400, "invalid_value")]
    [InlineData("""{"model":"alpha/m","messages":[],"n":100000}""", 400, "invalid_value")]
    [InlineData("""{"model":"extractive","messages":[]}""", 404, "model_not_found")]
    [InlineData("""{"model":"alpha/m","messages":[],"stream":"yes"}""", 400, "invalid_value")]
    [InlineData("""{"model":"alpha/m","messages":[]}}""", 400, "malformed")]
    [InlineData("""{"model":"nobody/nothing","messages":[]}""", 404, "model_not_found")]
    [InlineData("""{"model":"alpha/m","provider":"beta","messages":[]}""", 404, "model_not_found")]
    [InlineData(
        """{"model":"knowledge/no such collection","messages":[{"role":"user","content":"?"}]}""",
        404,
        "model_not_found"
    )]
    [InlineData("""{"model":"knowledge/all","messages":[]}""", 400, "invalid_value")]
    public async Task What_is_no_request_is_refused_in_the_words_of_the_protocol(string body, int status, string code)
    {
        var user = await chancery.SignUpAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await user.Http.PostAsync(
            new Uri("/v1/chat/completions", UriKind.Relative),
            content,
            Cancel
        );

        Assert.Equal(status, (int)response.StatusCode);
        var error = JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancel)).GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task Without_a_credential_the_error_is_one_that_clients_of_the_protocol_read()
    {
        using var client = chancery.Anonymous();

        var completion = await Completion.AskAsync(client, Request("?", stream: false), Cancel);

        Assert.Equal((HttpStatusCode.Unauthorized, "unauthenticated"), (completion.Status, completion.ErrorCode));
        Assert.Equal("authentication_error", completion.Error!.Value.GetProperty("type").GetString());
    }

    private static string Question(string text) => $"{text} {Guid.CreateVersion7()}";

    private ScriptedRequest Sent(string question) =>
        chancery.Alpha.ChatRequests.Single(request => request.LastUserMessage == question);

    private static object Request(string question, bool stream, string model = "both") =>
        new
        {
            model,
            stream,
            messages = new[] { new { role = "user", content = question } },
        };

    private static Task<Completion> AskAsync(TestUser user, string question, bool stream, string model = "both") =>
        Completion.AskAsync(user.Http, Request(question, stream, model), Cancel);
}
