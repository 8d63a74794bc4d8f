using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class GeminiDialectTests : WireTest
{
    [Fact]
    public async Task Thoughts_are_output_and_reports_are_sums()
    {
        var response = await ReadAsync(
            """{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}],"usageMetadata":{"promptTokenCount":10,"thoughtsTokenCount":7,"totalTokenCount":17}}""",
            """{"candidates":[{"content":{"parts":[{"text":"yes"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"toolUsePromptTokenCount":3,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":7,"totalTokenCount":25}}"""
        );

        var usage = response.Usage!;
        Assert.Equal((13L, 12L, 25L), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal((4L, 7L), (usage.CachedInputTokenCount, usage.ReasoningTokenCount));
        Assert.Equal("yes", response.Text);
    }

    [Fact]
    public async Task Calls_without_ids_get_their_own()
    {
        var response = await ReadAsync(
            """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"one","args":{"x":1}}},{"functionCall":{"name":"one"}}]}}]}""",
            """{"candidates":[{"content":{},"finishReason":"STOP"}]}"""
        );

        var calls = response.Messages[0].Contents.OfType<FunctionCallContent>().ToList();
        Assert.Equal(2, calls.Select(call => call.CallId).Distinct().Count());
        Assert.Equal("1", calls[0].Arguments!["x"]!.ToString());
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task Images_come_out()
    {
        var response = await ReadAsync(
            """{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AQID"}}]},"finishReason":"STOP"}]}"""
        );

        Assert.Equal("AQID", Assert.Single(response.Messages[0].Contents.OfType<DataContent>()).Base64Data.ToString());
    }

    [Theory]
    [InlineData(
        """{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"?","data":"!"}}]},"finishReason":"STOP"}]}"""
    )]
    [InlineData("""{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}""")]
    [InlineData("""{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}""")]
    [InlineData("""{"candidates":[{"index":1,"finishReason":"STOP"}]}""")]
    [InlineData("""{"candidates":[]}""")]
    public async Task What_is_no_answer_is_a_failure(string data)
    {
        foreach (var reply in (ScriptedReply[])[new() { RawEvents = [data] }, new() { RawBody = data }])
        {
            Model.Behaves(reply);

            Assert.Equal(ModelFailure.Transient, (await FailureAsync(ModelProtocol.Gemini, isStreamed: true)).Kind);
            if (reply.RawBody is not null)
                Assert.Equal(
                    ModelFailure.Transient,
                    (await FailureAsync(ModelProtocol.Gemini, isStreamed: false)).Kind
                );
        }
    }

    [Fact]
    public async Task Settings_of_google_stand_where_google_wants_them()
    {
        await AskAsync(
            ModelProtocol.Gemini,
            isStreamed: false,
            new ChatOptions
            {
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
                ResponseFormat = ChatResponseFormat.Json,
                AdditionalProperties = new()
                {
                    ["safetySettings"] = new[] { new Dictionary<string, object?> { ["category"] = "X" } },
                    ["mediaResolution"] = "LOW",
                },
            }
        );

        var settings = Asked.Body.GetProperty("generationConfig");
        Assert.Equal("X", Asked.Body.GetProperty("safetySettings")[0].GetProperty("category").GetString());
        Assert.Equal("LOW", settings.GetProperty("mediaResolution").GetString());
        Assert.False(settings.TryGetProperty("safetySettings", out _));
        Assert.Equal("application/json", settings.GetProperty("responseMimeType").GetString());
        Assert.True(settings.GetProperty("thinkingConfig").GetProperty("includeThoughts").GetBoolean());
    }

    [Theory]
    [InlineData("plain words", "result", "plain words")]
    [InlineData("{\"found\":true}", "found", "True")]
    [InlineData("[1]", "result", "[1]")]
    public async Task Results_of_tools_are_objects(string result, string name, string value)
    {
        await AskAsync(
            Client(ModelProtocol.Gemini),
            isStreamed: false,
            [
                .. Hello,
                new(ChatRole.Assistant, [new FunctionCallContent("a", "one")]),
                new(ChatRole.Tool, [new FunctionResultContent("a", result)]),
            ],
            null,
            Cancel
        );

        var response = Asked.Body.GetProperty("contents")[2].GetProperty("parts")[0].GetProperty("functionResponse");
        Assert.Equal("one", response.GetProperty("name").GetString());
        Assert.Equal(value, response.GetProperty("response").GetProperty(name).ToString());
    }

    private async Task<ChatResponse> ReadAsync(params string[] events)
    {
        Model.Behaves(new ScriptedReply { RawEvents = events });
        return (await UpdatesAsync(ModelProtocol.Gemini)).ToChatResponse();
    }
}
