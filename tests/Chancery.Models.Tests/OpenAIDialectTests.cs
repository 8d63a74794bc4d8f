using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

/// <summary>What those who are compatible with OpenAI write otherwise.</summary>
public sealed class OpenAIDialectTests : ModelTest
{
    private const string Finish = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    [Theory]
    [InlineData("""{"reasoning_content":"because"}""")]
    [InlineData("""{"reasoning":"because"}""")]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"because"}]}]}""")]
    public async Task Reasoning_is_read_under_each_of_its_names(string delta)
    {
        var response = await ReadAsync(Chunk(delta), Chunk("""{"content":[{"type":"text","text":"yes"}]}"""), Finish);

        var contents = Assert.Single(response.Messages).Contents;
        Assert.Equal("because", Assert.IsType<TextReasoningContent>(contents[0]).Text);
        Assert.Equal("yes", response.Text);
    }

    [Theory]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":8}""", 10, 5, 8)]
    [InlineData("""{"prompt_tokens":10.0,"completion_tokens":"5","total_tokens":15}""", 10, 5, null)]
    [InlineData("""{"prompt_tokens":-10,"completion_tokens":5}""", null, 5, null)]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null}""", 10, 5, null)]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":{"sum":5}}""", 10, null, null)]
    // Reasoning beside the answer, as the sum shows.
    [InlineData(
        """{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}""",
        10,
        25,
        null
    )]
    // Reasoning inside the answer.
    [InlineData(
        """{"prompt_tokens":10,"completion_tokens":25,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}""",
        10,
        25,
        null
    )]
    public async Task Usage_is_read_in_each_dialect(string usage, int? input, int? output, int? cached)
    {
        var told = (await ReadAsync(Finish, $$"""{"choices":[],"usage":{{usage}}}""")).Usage!;

        Assert.Equal(
            ((long?)input, (long?)output, (long?)cached),
            (told.InputTokenCount, told.OutputTokenCount, told.CachedInputTokenCount)
        );
    }

    [Theory]
    [InlineData(
        """{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"""
    )]
    [InlineData(
        """{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}}"""
    )]
    public async Task Usage_may_come_with_the_last_words(string last)
    {
        Assert.Equal(7, (await ReadAsync(Chunk("""{"content":"x"}"""), last)).Usage!.TotalTokenCount);
    }

    [Fact]
    public async Task Of_several_answers_the_first_is_read_in_whatever_order_they_come()
    {
        var response = await ReadAsync(
            """{"choices":[{"index":1,"delta":{"content":"B"}},{"index":0,"delta":{"content":"A"}}]}""",
            """{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}""",
            Finish
        );

        Assert.Equal(("A", ChatFinishReason.Stop), (response.Text, response.FinishReason));
    }

    [Fact]
    public async Task A_finish_of_another_answer_completes_nothing()
    {
        Model.Behaves(
            new ScriptedReply
            {
                RawEvents = ["""{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}""", "[DONE]"],
            }
        );

        Assert.Equal(ModelFailure.Transient, (await BrokenStreamAsync()).Failure.Kind);
    }

    [Theory]
    // Calls told apart by their ids only.
    [InlineData(
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\":1}"}}]}""",
        """{"tool_calls":[{"index":0,"id":"b","function":{"name":"two","arguments":"{}"}}]}"""
    )]
    // No index.
    [InlineData(
        """{"tool_calls":[{"id":"a","function":{"name":"one","arguments":"{\"x\":"}},{"id":"a","function":{"arguments":"1}"}}]}""",
        """{"tool_calls":[{"id":"b","function":{"name":"two"}}]}"""
    )]
    // Neither index nor id in what follows; arguments as an object.
    [InlineData(
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":{"x":1}}}]}""",
        """{"tool_calls":[{"index":1,"id":"b","function":{"name":"two","arguments":""}},{"function":{"arguments":"{}"}}]}"""
    )]
    // Pieces of two calls in turns, the id repeated.
    [InlineData(
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\""}},{"index":1,"id":"b","function":{"name":"two"}}]}""",
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"","arguments":":1}"}}]}"""
    )]
    public async Task Tool_calls_are_put_together_however_they_are_cut(string first, string second)
    {
        var response = await ReadAsync(Chunk(first), Chunk(second), Finish);

        var calls = response.Messages[0].Contents.OfType<FunctionCallContent>().ToList();
        Assert.Equal(["a one", "b two"], calls.Select(call => $"{call.CallId} {call.Name}"));
        Assert.Equal("1", calls[0].Arguments!["x"]!.ToString());
        Assert.Empty(calls[1].Arguments!);
    }

    [Fact]
    public async Task A_call_without_an_id_gets_one_that_stays()
    {
        Model.Behaves(
            new ScriptedReply
            {
                RawEvents =
                [
                    Chunk("""{"tool_calls":[{"index":0,"function":{"name":"one","arguments":"{"}}]}"""),
                    Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}"""),
                    Finish,
                ],
            }
        );

        var contents = (await StreamAsync()).SelectMany(update => update.Contents).ToList();

        var ids = contents.OfType<ToolCallDelta>().Select(delta => delta.CallId);
        var call = Assert.Single(contents.OfType<FunctionCallContent>());
        Assert.Equal([call.CallId], ids.Distinct());
    }

    [Fact]
    public async Task Arguments_that_are_no_JSON_are_the_calls_fault_and_not_the_streams()
    {
        var response = await ReadAsync(
            Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\":"}}]}"""),
            """{"choices":[{"delta":{},"finish_reason":"length"}]}"""
        );

        var call = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
        Assert.NotNull(call.Exception);
        Assert.Equal("{\"x\":", call.RawRepresentation);
    }

    [Theory]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"x"},"finish_reason":"error"}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"x"},"error":{"code":502,"message":"upstream"}}]}""")]
    [InlineData("""{"choices":"none"}""")]
    [InlineData("null")]
    [InlineData("[DONE]")]
    public async Task A_broken_event_breaks_the_stream(string data)
    {
        Model.Behaves(new ScriptedReply { RawEvents = [data, "[DONE]"] });

        Assert.Equal(ModelFailure.Transient, (await BrokenStreamAsync()).Failure.Kind);
    }

    [Fact]
    public async Task An_error_after_the_finish_is_an_error()
    {
        Model.Behaves(
            new ScriptedReply
            {
                RawEvents = [Finish, """{"usage":{"prompt_tokens":3,"completion_tokens":4},"error":"overloaded"}"""],
            }
        );

        var (_, failure) = await BrokenStreamAsync();

        Assert.Equal((ModelFailure.Transient, 3L), (failure.Kind, failure.Usage!.InputTokenCount!.Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refusal_is_text_that_is_marked(bool isStreamed)
    {
        Model.Behaves(new ScriptedReply { Refusal = "I cannot help with that." });

        var response = isStreamed
            ? (await StreamAsync()).ToChatResponse()
            : await Chat.GetResponseAsync(Hello, cancellationToken: Cancel);

        Assert.Equal("I cannot help with that.", response.Text);
        var marks = isStreamed
            ? (await StreamAsync()).Select(update => update.AdditionalProperties)
            : [response.AdditionalProperties];
        Assert.Contains(marks, mark => mark?[AnswerProperties.Refusal] is true);
    }

    [Fact]
    public async Task An_endpoint_says_which_parameters_it_takes()
    {
        var chat = new OpenAICompatibleChatClient(
            Http,
            Endpoint with
            {
                AsksForUsage = false,
                TakesMaxCompletionTokens = true,
            }
        );

        await chat.GetStreamingResponseAsync(Hello, new ChatOptions { MaxOutputTokens = 9 }, Cancel)
            .ToChatResponseAsync(Cancel);

        var asked = Assert.Single(Model.ChatRequests).Body;
        Assert.False(asked.TryGetProperty("stream_options", out _));
        Assert.False(asked.TryGetProperty("max_tokens", out _));
        Assert.Equal(9, asked.GetProperty("max_completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reasoning_goes_back_only_to_who_wants_it(bool isWanted)
    {
        var chat = new OpenAICompatibleChatClient(Http, Endpoint with { TakesReasoningBack = isWanted });
        var said = new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("because"), new TextContent("yes")]);

        await chat.GetResponseAsync([.. Hello, said, .. Hello], cancellationToken: Cancel);

        var sent = Assert.Single(Model.ChatRequests).Body.GetProperty("messages")[1];
        Assert.Equal("yes", sent.GetProperty("content").GetString());
        Assert.Equal(isWanted, sent.TryGetProperty("reasoning_content", out _));
    }

    [Fact]
    public async Task A_whole_answer_without_an_end_does_not_take_all_memory()
    {
        Model.Behaves(ScriptedFault.Endless);

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            Chat.GetResponseAsync(Hello, cancellationToken: Cancel)
        );

        Assert.Equal(ModelFailure.Transient, failure.Kind);
    }

    private async Task<ChatResponse> ReadAsync(params string[] events)
    {
        Model.Behaves(new ScriptedReply { RawEvents = [.. events, "[DONE]"] });
        return (await StreamAsync()).ToChatResponse();
    }

    private static string Chunk(string delta) => $$"""{"choices":[{"index":0,"delta":{{delta}}}]}""";
}
