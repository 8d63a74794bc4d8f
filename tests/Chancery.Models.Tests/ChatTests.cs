using System.Text.Json;
using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class ChatTests : ModelTest
{
    [Fact]
    public async Task An_answer_brings_its_text_its_finish_reason_and_its_usage()
    {
        Model.Replies(request => $"You asked: {request.LastUserMessage}");

        var response = await Chat.GetResponseAsync(Hello, cancellationToken: Cancel);

        Assert.Equal("You asked: How long is the notice period?", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.True(response.Usage!.TotalTokenCount > 0);
    }

    [Fact]
    public async Task Messages_options_and_key_reach_the_model_as_given()
    {
        await Chat.GetResponseAsync(
            [
                new(ChatRole.System, "Answer from the sources."),
                new(ChatRole.User, "When?"),
                new(ChatRole.Assistant, "Now."),
            ],
            new ChatOptions
            {
                Temperature = 0.2f,
                MaxOutputTokens = 99,
                StopSequences = ["END"],
                ModelId = "another",
                ResponseFormat = ChatResponseFormat.Json,
            },
            Cancel
        );

        var asked = Assert.Single(Model.ChatRequests);
        Assert.Equal("system: Answer from the sources.\nuser: When?\nassistant: Now.", asked.Prompt);
        Assert.Equal(Key, asked.ApiKey);
        Assert.Equal("another", asked.Model);
        Assert.Equal(0.2f, asked.Body.GetProperty("temperature").GetSingle());
        Assert.Equal(99, asked.Body.GetProperty("max_tokens").GetInt32());
        Assert.Equal("END", asked.Body.GetProperty("stop")[0].GetString());
        Assert.Equal("json_object", asked.Body.GetProperty("response_format").GetProperty("type").GetString());
        Assert.False(asked.Body.TryGetProperty("seed", out _));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task Without_a_key_none_is_sent(string? key)
    {
        var chat = new OpenAICompatibleChatClient(Http, Endpoint with { ApiKey = key });

        await chat.GetResponseAsync(Hello, cancellationToken: Cancel);

        Assert.Null(Assert.Single(Model.ChatRequests).ApiKey);
    }

    [Fact]
    public async Task A_base_address_may_end_in_a_slash()
    {
        var chat = new OpenAICompatibleChatClient(
            Http,
            Endpoint with
            {
                BaseAddress = new Uri(Model.BaseAddress.AbsoluteUri + "/"),
            }
        );

        await chat.GetResponseAsync(Hello, cancellationToken: Cancel);

        Assert.Equal("/v1/chat/completions", Assert.Single(Model.ChatRequests).Path);
    }

    [Theory]
    [InlineData(401, null, ModelFailure.Key)]
    [InlineData(402, null, ModelFailure.Key)]
    [InlineData(403, null, ModelFailure.Key)]
    [InlineData(429, null, ModelFailure.Rate)]
    [InlineData(408, null, ModelFailure.Transient)]
    [InlineData(500, null, ModelFailure.Transient)]
    [InlineData(503, null, ModelFailure.Transient)]
    [InlineData(400, null, ModelFailure.Client)]
    [InlineData(404, "model_not_found", ModelFailure.Client)]
    [InlineData(413, null, ModelFailure.Client)]
    [InlineData(422, null, ModelFailure.Client)]
    [InlineData(400, "context_length_exceeded", ModelFailure.Context)]
    [InlineData(400, "content_filter", ModelFailure.Policy)]
    public async Task A_refusal_is_told_by_its_status_and_its_code(int status, string? code, ModelFailure kind)
    {
        Model.Behaves(ScriptedReply.Failing(status, code: code));

        var streamed = (await BrokenStreamAsync()).Failure;
        var whole = await FailureAsync();

        Assert.Equal((kind, (int?)status, "scripted"), (whole.Kind, whole.Status, whole.Model));
        Assert.Equal((whole.Kind, whole.Status), (streamed.Kind, streamed.Status));
    }

    [Fact]
    public async Task A_message_about_the_context_window_is_understood_without_a_code()
    {
        Model.Behaves(
            ScriptedReply.Failing(400) with
            {
                ErrorMessage = "This model's maximum context length is 4096 tokens.",
            }
        );

        Assert.Equal(ModelFailure.Context, (await FailureAsync()).Kind);
    }

    [Theory]
    [InlineData("Retry-After", "7", 7000)]
    [InlineData("retry-after-ms", "250", 250)]
    [InlineData("x-ms-retry-after-ms", "1500", 1500)]
    [InlineData("Retry-After", "Wed, 01 Jan 2020 00:00:00 GMT", 0)]
    public async Task A_wait_that_the_model_asks_for_is_passed_on(string header, string value, int milliseconds)
    {
        Model.Behaves(
            new ScriptedReply
            {
                Status = 429,
                Headers = new Dictionary<string, string> { [header] = value },
            }
        );

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), (await FailureAsync()).RetryAfter);
    }

    [Fact]
    public async Task A_date_to_wait_for_is_read_by_the_callers_clock()
    {
        var headers = new Dictionary<string, string> { ["Retry-After"] = "Wed, 01 Jan 2020 00:01:00 GMT" };
        Model.Behaves(new ScriptedReply { Status = 503, Headers = headers });
        var chat = new OpenAICompatibleChatClient(Http, Endpoint, new NewYear2020());

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            chat.GetResponseAsync(Hello, cancellationToken: Cancel)
        );

        Assert.Equal(TimeSpan.FromMinutes(1), failure.RetryAfter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>proxy</html>")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"choices\":[]}")]
    [InlineData("{\"choices\":[{\"message\":{\"content\":\"cut\"}}]}")]
    public async Task An_answer_that_is_none_is_a_failure(string body)
    {
        Model.Behaves(new ScriptedReply { RawBody = body });

        Assert.Equal(ModelFailure.Transient, (await FailureAsync()).Kind);
    }

    [Fact]
    public async Task An_error_object_in_a_200_is_a_failure()
    {
        Model.Behaves(new ScriptedReply { RawBody = "{\"error\":{\"code\":429,\"message\":\"slow down\"}}" });

        Assert.Equal(ModelFailure.Rate, (await FailureAsync()).Kind);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_a_transient_failure()
    {
        var address = Model.BaseAddress;
        await Model.DisposeAsync();
        var chat = new OpenAICompatibleChatClient(Http, new ModelEndpoint(address, "scripted", Key));

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            chat.GetResponseAsync(Hello, cancellationToken: Cancel)
        );

        Assert.Equal((ModelFailure.Transient, (int?)null), (failure.Kind, failure.Status));
    }

    [Fact]
    public async Task A_timeout_of_the_callers_http_client_is_a_transient_failure()
    {
        Model.Behaves(new ScriptedReply("late") { BeforeFirstByte = TimeSpan.FromSeconds(30) });
        using var impatient = new HttpClient { Timeout = TimeSpan.FromMilliseconds(100) };
        var chat = new OpenAICompatibleChatClient(impatient, Endpoint);

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            chat.GetResponseAsync(Hello, cancellationToken: Cancel)
        );

        Assert.Equal(ModelFailure.Transient, failure.Kind);
    }

    [Fact]
    public async Task A_failure_says_neither_the_key_nor_the_prompt_nor_what_the_model_said()
    {
        Model.Behaves(ScriptedReply.Failing(401) with { ErrorMessage = $"Bad key {Key} for {Hello[0].Text}" });

        var told = (await FailureAsync()).ToString();

        Assert.DoesNotContain(Key, told, StringComparison.Ordinal);
        Assert.DoesNotContain("notice period", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Bad key", told, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, Endpoint.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_refused_and_not_dropped()
    {
        var archive = new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "application/zip")]);

        await Assert.ThrowsAsync<NotSupportedException>(() =>
            Chat.GetResponseAsync([archive], cancellationToken: Cancel)
        );

        Assert.Empty(Model.Requests);
    }

    [Fact]
    public async Task A_schema_for_the_answer_is_sent_under_its_name()
    {
        using var schema = JsonDocument.Parse("""{"type":"object"}""");

        await Chat.GetResponseAsync(
            Hello,
            new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement, "clause") },
            Cancel
        );

        var format = Assert.Single(Model.ChatRequests).Body.GetProperty("response_format");
        Assert.Equal("json_schema", format.GetProperty("type").GetString());
        Assert.Equal("clause", format.GetProperty("json_schema").GetProperty("name").GetString());
    }

    private Task<ModelException> FailureAsync() =>
        Assert.ThrowsAsync<ModelException>(() => Chat.GetResponseAsync(Hello, cancellationToken: Cancel));

    private sealed class NewYear2020 : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
