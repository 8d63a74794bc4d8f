using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class AnthropicDialectTests : WireTest
{
    private const string Start =
        """{"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":10,"output_tokens":1,"cache_creation_input_tokens":30}}}""";

    private const string Text =
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"yes"}}""";
    private const string Finish =
        """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":5}}""";

    private const string Stop = """{"type":"message_stop"}""";

    [Fact]
    public async Task Kinds_of_events_that_are_not_known_are_left_alone()
    {
        var response = await ReadAsync(
            Start,
            """{"type":"brand_new","index":1}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}""",
            Text,
            Finish,
            Stop
        );

        Assert.Equal(("yes", "claude"), (response.Text, response.ModelId));
    }

    [Fact]
    public async Task A_later_zero_takes_back_nothing_and_old_cache_figures_count()
    {
        var usage = (await ReadAsync(Start, Text, Finish, Stop)).Usage!;

        Assert.Equal((40L, 5L, 45L), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal(30, usage.AdditionalCounts![AnswerProperties.CacheWriteTokens]);
    }

    [Theory]
    [InlineData(Finish, null)]
    [InlineData(null, Stop)]
    public async Task Without_a_reason_and_the_last_event_it_is_no_answer(string? finish, string? stop)
    {
        Model.Behaves(new ScriptedReply { RawEvents = [Start, Text, .. new[] { finish, stop }.OfType<string>()] });

        var failure = await FailureAsync(ModelProtocol.Anthropic, isStreamed: true);

        Assert.Equal((ModelFailure.Transient, 40L), (failure.Kind, failure.Usage!.InputTokenCount!.Value));
    }

    [Theory]
    [InlineData("stop_sequence", "stop")]
    [InlineData("pause_turn", "stop")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("refusal", "content_filter")]
    [InlineData("something_new", "something_new")]
    public async Task Reasons_to_stop_come_in_the_common_language(string theirs, string ours)
    {
        var response = await ReadAsync(Start, Finish.Replace("end_turn", theirs, StringComparison.Ordinal), Stop);

        Assert.Equal(ours, response.FinishReason!.Value.Value);
    }

    [Fact]
    public async Task Redacted_thinking_goes_back_as_it_came()
    {
        var response = await ReadAsync(
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"c2VjcmV0"}}""",
            """{"type":"content_block_stop","index":0}""",
            Text,
            Finish,
            Stop
        );
        Model.Forget();

        Model.Replies("ok");
        await AskAsync(
            Client(ModelProtocol.Anthropic),
            false,
            [.. Hello, .. response.Messages, .. Hello],
            null,
            Cancel
        );

        var block = Asked.Body.GetProperty("messages")[1].GetProperty("content")[0];
        Assert.Equal("redacted_thinking", block.GetProperty("type").GetString());
        Assert.Equal("c2VjcmV0", block.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Reasoning_of_another_provider_is_not_sent()
    {
        await AskAsync(
            Client(ModelProtocol.Anthropic),
            isStreamed: false,
            [
                .. Hello,
                new(ChatRole.Assistant, [new TextReasoningContent("unsigned"), new TextContent("Yes.")]),
                .. Hello,
            ],
            null,
            Cancel
        );

        Assert.DoesNotContain("unsigned", Asked.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_of_several_tools_are_one_turn()
    {
        await AskAsync(
            Client(ModelProtocol.Anthropic),
            isStreamed: false,
            [
                .. Hello,
                new(ChatRole.Assistant, [new FunctionCallContent("a", "one"), new FunctionCallContent("b", "two")]),
                new(ChatRole.Tool, [new FunctionResultContent("a", "1")]),
                new(ChatRole.Tool, [new FunctionResultContent("b", null) { Exception = new TimeoutException() }]),
                new(ChatRole.User, "Well?"),
            ],
            null,
            Cancel
        );

        var turns = Asked.Body.GetProperty("messages");
        Assert.Equal(3, turns.GetArrayLength());
        Assert.Equal(3, turns[2].GetProperty("content").GetArrayLength());
        Assert.True(turns[2].GetProperty("content")[1].GetProperty("is_error").GetBoolean());
    }

    [Fact]
    public async Task A_limit_is_always_sent_and_what_the_protocol_lacks_never()
    {
        await AskAsync(
            ModelProtocol.Anthropic,
            isStreamed: false,
            new ChatOptions
            {
                Seed = 1,
                PresencePenalty = 1,
                FrequencyPenalty = 1,
                AllowMultipleToolCalls = false,
                ResponseFormat = ChatResponseFormat.Json,
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
                Tools = [AIFunctionFactory.Create(() => 1, "one")],
                AdditionalProperties = new() { ["logprobs"] = true, ["seed"] = 2 },
            }
        );

        var sent = Asked.Body;
        Assert.Equal(4096, sent.GetProperty("max_tokens").GetInt32());
        Assert.Equal("adaptive", sent.GetProperty("thinking").GetProperty("type").GetString());
        Assert.Equal("high", sent.GetProperty("output_config").GetProperty("effort").GetString());
        Assert.True(sent.GetProperty("tool_choice").GetProperty("disable_parallel_tool_use").GetBoolean());
        Assert.Contains("JSON", Asked.Prompt, StringComparison.Ordinal);
        foreach (var name in (string[])["seed", "presence_penalty", "frequency_penalty", "logprobs"])
            Assert.False(sent.TryGetProperty(name, out _), name);
    }

    private async Task<ChatResponse> ReadAsync(params string[] events)
    {
        Model.Behaves(new ScriptedReply { RawEvents = events });
        return (await UpdatesAsync(ModelProtocol.Anthropic)).ToChatResponse();
    }
}
