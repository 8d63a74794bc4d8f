using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class StreamingTests : ModelTest
{
    private const string Answer = "The notice period is 14 days — vierzehn Tage für „Käufer“, 十四日 😀.";

    [Fact]
    public async Task A_whole_stream_gives_its_text_its_finish_reason_and_its_usage_once()
    {
        Model.Replies(Answer);

        var response = (await StreamAsync()).ToChatResponse();

        Assert.Equal(Answer, response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("scripted", response.ModelId);
        Assert.Equal((Answer.Length + 3) / 4, response.Usage!.OutputTokenCount);
        Assert.True(response.Usage.InputTokenCount > 0);
    }

    [Fact]
    public async Task Text_comes_as_it_is_said_and_not_at_the_end()
    {
        Model.Behaves(new ScriptedReply("first second") { ChunkLength = 6, BetweenChunks = TimeSpan.FromSeconds(30) });

        await using var updates = Chat.GetStreamingResponseAsync(Hello, cancellationToken: Cancel)
            .GetAsyncEnumerator(Cancel);
        var text = "";
        while (text.Length == 0 && await updates.MoveNextAsync())
            text += updates.Current.Text;

        Assert.Equal("first ", text);
    }

    [Fact]
    public async Task Characters_and_lines_cut_anywhere_come_out_whole()
    {
        Model.Behaves(new ScriptedReply(Answer) { SplitBytes = true });

        Assert.Equal(Answer, (await StreamAsync()).ToChatResponse().Text);
    }

    [Fact]
    public async Task Usage_that_grows_from_chunk_to_chunk_is_not_added_up()
    {
        Model.Behaves(new ScriptedReply(Answer) { UsageOnEveryChunk = true });

        var response = (await StreamAsync()).ToChatResponse();

        Assert.Equal((Answer.Length + 3) / 4, response.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task A_stream_without_usage_is_complete_and_has_none()
    {
        Model.Behaves(new ScriptedReply(Answer) { WithUsage = false });

        var response = (await StreamAsync()).ToChatResponse();

        Assert.Equal(Answer, response.Text);
        Assert.Null(response.Usage);
    }

    [Fact]
    public async Task A_stream_asks_for_usage()
    {
        await StreamAsync();

        var asked = Assert.Single(Model.ChatRequests);
        Assert.True(asked.IsStreamed);
        Assert.True(asked.Body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Theory]
    [InlineData(StreamEnding.WithoutFinish)]
    [InlineData(StreamEnding.Reset)]
    [InlineData(StreamEnding.MalformedJson)]
    [InlineData(StreamEnding.ErrorObject)]
    public async Task A_stream_that_ends_without_a_finish_reason_is_a_failure(StreamEnding ending)
    {
        Model.Behaves(
            new ScriptedReply("one two three four")
            {
                ChunkLength = 4,
                ChunksBeforeEnding = 2,
                Ending = ending,
                BetweenChunks = TimeSpan.FromMilliseconds(20),
            }
        );

        var (text, failure) = await BrokenStreamAsync();

        Assert.Equal("one two ", text);
        Assert.Equal(ModelFailure.Transient, failure.Kind);
        Assert.Null(failure.Status);
    }

    [Theory]
    [InlineData("rate_limit_exceeded", ModelFailure.Rate)]
    [InlineData("429", ModelFailure.Rate)]
    [InlineData("invalid_api_key", ModelFailure.Key)]
    [InlineData("context_length_exceeded", ModelFailure.Context)]
    [InlineData("content_filter", ModelFailure.Policy)]
    [InlineData("server_error", ModelFailure.Transient)]
    [InlineData(null, ModelFailure.Transient)]
    public async Task An_error_inside_a_stream_is_told_by_its_code(string? code, ModelFailure kind)
    {
        Model.Behaves(new ScriptedReply { Ending = StreamEnding.ErrorObject, ErrorCode = code });

        var (_, failure) = await BrokenStreamAsync();

        Assert.Equal(kind, failure.Kind);
    }

    [Fact]
    public async Task A_filtered_answer_is_an_answer_that_says_so()
    {
        Model.Behaves(new ScriptedReply("Half a") { FinishReason = "content_filter" });

        Assert.Equal(ChatFinishReason.ContentFilter, (await StreamAsync()).ToChatResponse().FinishReason);
    }

    [Fact]
    public async Task A_caller_that_leaves_is_not_a_failure_of_the_model_and_frees_it()
    {
        Model.Behaves(new ScriptedReply(Answer) { ChunkLength = 4, BetweenChunks = TimeSpan.FromSeconds(30) });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in Chat.GetStreamingResponseAsync(Hello, cancellationToken: leaving.Token))
            {
                if (update.Text.Length > 0)
                    await leaving.CancelAsync();
            }
        });

        while (Model.Running > 0)
            await Task.Delay(5, Cancel);
    }
}
