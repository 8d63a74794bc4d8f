using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Inference.Telemetry;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Vectors of texts, by an endpoint that does what a test says.</summary>
public sealed class EmbeddingCallTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>
{
    private const string Route = "/api/v1/embeddings";

    // The fixture gives eight texts to the model at once.
    private const int Batch = 8;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_texts_go_in_pieces_and_come_back_in_their_order_with_what_they_cost()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();
        string[] texts = [.. Enumerable.Range(0, 20).Select(i => $"{word} text {i}")];

        var answer = await user.PostAsync(Route, new { input = texts, model = "scripted" });

        Assert.Equal("list", answer.Text("object"));
        Assert.Equal("scripted", answer.Text("model"));
        Assert.Equal(Enumerable.Range(0, 20), Data(answer).Select(item => item.GetProperty("index").GetInt32()));
        Assert.All(
            Data(answer).Zip(texts),
            pair => Assert.Equal(HashedWords.Embed(pair.Second, 64), Vector(pair.First), new Near())
        );
        Assert.Equal(
            texts.Sum(text => 1 + (text.Length / 4)),
            answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32()
        );
        Assert.Equal([Batch, Batch, 4], RequestsWith(word).Select(request => request.Inputs.Count).OrderDescending());
    }

    [Fact]
    public async Task Vectors_come_as_base64_to_who_wants_them_so()
    {
        var user = await chancery.SignUpAsync();

        var numbers = await user.PostAsync(Route, new { input = "one text" });
        var packed = await user.PostAsync(Route, new { input = "one text", encoding_format = "base64" });

        var bytes = Convert.FromBase64String(Data(packed)[0].Text("embedding"));
        var read = Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, 4 * i));
        Assert.Equal(Vector(Data(numbers)[0]), read);
    }

    [Theory]
    [InlineData("/api/v1/embeddings")]
    [InlineData("/v1/embeddings")]
    public async Task A_call_is_a_span_of_the_model_with_whom_it_was_for_and_what_it_used(string route)
    {
        var user = await chancery.SignUpAsync();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == GenAI.Source,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var refused = Word();
        chancery.Model.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.Contains(refused, StringComparison.Ordinal))
                ? ScriptedReply.Failing(400)
                : new ScriptedReply()
        );

        await user.PostAsync(route, new { input = new[] { "one text", "another" } });
        using var failed = await user.Http.PostAsJsonAsync(
            new Uri(route, UriKind.Relative),
            new { input = refused },
            Cancel
        );

        var own = spans
            .Where(span => (string?)span.GetTagItem("chancery.tenant.id") == user.TenantId.ToString())
            .ToList();
        Assert.Equal([ActivityStatusCode.Unset, ActivityStatusCode.Error], own.Select(span => span.Status));
        Assert.All(
            own,
            span => Assert.Equal(("embeddings scripted", ActivityKind.Client), (span.DisplayName, span.Kind))
        );
        Assert.Equal("embeddings", own[0].GetTagItem("gen_ai.operation.name"));
        Assert.Equal(chancery.Model.BaseAddress.Port, own[0].GetTagItem("server.port"));
        Assert.Equal(5L, own[0].GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(user.UserId.ToString(), own[0].GetTagItem("chancery.user.id"));
        Assert.Equal("400", own[1].GetTagItem("error.type"));
        Assert.False(failed.IsSuccessStatusCode);
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());
    }

    [Theory]
    [InlineData("""{}""", "input", "Send one text")]
    [InlineData("""{"input":null}""", "input", "Send one text")]
    [InlineData("""{"input":7}""", "input", "Send one text")]
    [InlineData("""{"input":[]}""", "input", "1 to 2048")]
    [InlineData("""{"input":"  \n"}""", "input", "nothing in it")]
    [InlineData("""{"input":["a",""]}""", "input[1]", "nothing in it")]
    [InlineData("""{"input":["a",[1,2]]}""", "input[1]", "numbers of tokens")]
    [InlineData("""{"input":[1,2,3]}""", "input[0]", "numbers of tokens")]
    [InlineData("""{"input":"a","model":"text-embedding-ada-002"}""", "model", "There is: scripted.")]
    [InlineData("""{"input":"a","encoding_format":"int8"}""", "encoding_format", "float or base64")]
    [InlineData("""{"input":"a","input_type":"song"}""", "input_type", "passage or query")]
    [InlineData("""{"input":"a","dimensions":0}""", "dimensions", "between 1 and")]
    public async Task What_is_wrong_with_a_call_is_said_at_its_field(string body, string field, string why)
    {
        var user = await chancery.SignUpAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        var problem = await KnowledgeApi.BodyAsync(
            await user.Http.PostAsync(Route, content, Cancel),
            HttpStatusCode.BadRequest
        );

        var error = Assert.Single(problem.GetProperty("errors").EnumerateObject());
        Assert.Equal(field, error.Name);
        Assert.Contains(why, error.Value[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_2048_texts_and_more_tokens_than_a_call_takes_are_refused_before_the_model_is_asked()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();

        var many = await user.PostAsync(
            Route,
            new { input = Enumerable.Repeat(word, 2049) },
            HttpStatusCode.BadRequest
        );
        var much = await user.PostAsync(
            Route,
            new { input = Enumerable.Repeat(string.Join(' ', Enumerable.Repeat(word, 20_000)), 4) },
            HttpStatusCode.BadRequest
        );

        Assert.Contains("these are 2049", many.ToString(), StringComparison.Ordinal);
        Assert.Contains("one call takes 300000", much.ToString(), StringComparison.Ordinal);
        Assert.Empty(RequestsWith(word));
    }

    [Fact]
    public async Task A_piece_that_fails_for_a_moment_is_tried_again_and_costs_the_others_nothing()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();
        var failures = 0;
        chancery.Model.EmbeddingsBehave(request =>
            request.Inputs.Contains($"{word} 9") && Interlocked.Increment(ref failures) < 3
                ? ScriptedReply.Failing(503)
                : new ScriptedReply()
        );

        var answer = await user.PostAsync(Route, new { input = Texts(word, 20) });
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal(20, Data(answer).Length);
        Assert.Equal(5, RequestsWith(word).Count);
    }

    [Fact]
    public async Task A_text_that_the_model_does_not_take_is_named_and_the_others_are_had_with_partial()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();
        chancery.Model.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text is not null && (text == $"{word} 5" || text == $"{word} 11"))
                ? ScriptedReply.Failing(
                    400,
                    code: request.Inputs.Contains($"{word} 5") ? "context_length_exceeded" : null
                )
                : new ScriptedReply()
        );

        var whole = await user.PostAsync(Route, new { input = Texts(word, 20) }, HttpStatusCode.BadRequest);
        var partial = await user.PostAsync(Route, new { input = Texts(word, 20), partial = true });
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal(
            ["input[5]", "input[11]"],
            whole.GetProperty("errors").EnumerateObject().Select(error => error.Name)
        );
        Assert.Contains(
            "too long",
            whole.GetProperty("errors").GetProperty("input[5]")[0].GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(
            Enumerable.Range(0, 20).Except([5, 11]),
            Data(partial).Select(item => item.GetProperty("index").GetInt32())
        );
        Assert.Equal(
            [5, 11],
            partial.GetProperty("failed").EnumerateArray().Select(failed => failed.GetProperty("index").GetInt32())
        );
    }

    [Theory]
    [InlineData(500, HttpStatusCode.BadGateway, "embedding-failed", "(500)")]
    [InlineData(401, HttpStatusCode.BadGateway, "embedding-failed", "credential")]
    [InlineData(429, HttpStatusCode.TooManyRequests, "too-many-requests", "rate limit")]
    public async Task A_model_that_stays_away_is_told_with_what_to_do(
        int status,
        HttpStatusCode expected,
        string code,
        string detail
    )
    {
        var user = await chancery.SignUpAsync();
        var word = Word();
        chancery.Model.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.StartsWith(word, StringComparison.Ordinal))
                ? ScriptedReply.Failing(status, status == 429 ? TimeSpan.FromSeconds(77) : null)
                : new ScriptedReply()
        );

        using var response = await user.Http.PostAsync(
            Route,
            System.Net.Http.Json.JsonContent.Create(new { input = word }),
            Cancel
        );
        var problem = await KnowledgeApi.BodyAsync(response, expected);
        var partial = await user.PostAsync(Route, new { input = Texts(word, 2), partial = true });
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal(code, problem.Text("code"));
        Assert.Contains(detail, problem.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(status == 429 ? TimeSpan.FromSeconds(77) : null, response.Headers.RetryAfter?.Delta);
        Assert.Empty(Data(partial));
        Assert.Equal(2, partial.GetProperty("failed").GetArrayLength());
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_call_at_the_model()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();
        chancery.Model.EmbeddingsBehave(request => new ScriptedReply
        {
            BeforeFirstByte = request.Inputs.Any(text => text.StartsWith(word, StringComparison.Ordinal))
                ? TimeSpan.FromSeconds(50)
                : TimeSpan.Zero,
        });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var call = user.Http.PostAsync(
            Route,
            System.Net.Http.Json.JsonContent.Create(new { input = Texts(word, 40) }),
            leaving.Token
        );
        await Access.AccessApi.EventuallyAsync(() => Task.FromResult(RequestsWith(word).Count >= 4), Patience);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Access.AccessApi.EventuallyAsync(() => Task.FromResult(chancery.Model.Running == 0), Patience);
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());
        Assert.Equal(4, RequestsWith(word).Count);
    }

    [Fact]
    public async Task The_same_call_with_its_Idempotency_Key_is_answered_without_asking_the_model_again()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();
        user.Http.DefaultRequestHeaders.Add("Idempotency-Key", word);

        var first = await user.PostAsync(Route, new { input = word });
        var second = await user.PostAsync(Route, new { input = word });

        Assert.Equal(first.GetRawText(), second.GetRawText());
        Assert.Single(RequestsWith(word));
    }

    [Fact]
    public async Task A_length_that_an_endpoint_may_know_is_asked_for()
    {
        var user = await chancery.SignUpAsync();
        var word = Word();

        // The scripted model does not know how, and its vectors are refused for that.
        await user.PostAsync(Route, new { input = word, dimensions = 32 }, HttpStatusCode.BadRequest);

        Assert.Equal(32, RequestsWith(word)[0].Body.GetProperty("dimensions").GetInt32());
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private IReadOnlyList<ScriptedRequest> RequestsWith(string word) =>
        [
            .. chancery.Model.EmbeddingRequests.Where(request =>
                request.Inputs.Any(text => text.Contains(word, StringComparison.Ordinal))
            ),
        ];

    private static string Word() => "w" + Guid.CreateVersion7().ToString("n");

    private static string[] Texts(string word, int count) => [.. Enumerable.Range(0, count).Select(i => $"{word} {i}")];

    private static JsonElement[] Data(JsonElement answer) => [.. answer.GetProperty("data").EnumerateArray()];

    private static float[] Vector(JsonElement item) =>
        [.. item.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle())];

    private sealed class Near : IEqualityComparer<float>
    {
        public bool Equals(float one, float other) => Math.Abs(one - other) < 1e-6;

        public int GetHashCode(float number) => 0;
    }
}
