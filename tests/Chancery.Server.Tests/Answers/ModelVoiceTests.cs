using System.Runtime.CompilerServices;
using Chancery.Models;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Answers;

public sealed class ModelVoiceTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_that_thinks_for_longer_than_the_timeout_is_not_silent()
    {
        using var model = new Scripted(
            TimeSpan.FromMilliseconds(400),
            [.. Enumerable.Repeat<AIContent>(new TextReasoningContent("Hm."), 6), new TextContent("Thirty days.")]
        );

        Assert.Equal("Thirty days.", await HearAsync(model, TimeSpan.FromSeconds(1.5)));
    }

    [Theory]
    [InlineData("<think>Hm, <b>thirty</think>\n\nThirty days.", "Thirty days.")]
    [InlineData("\n<think>\n</think><think>Twice.</think> Thirty days.", "Thirty days.")]
    [InlineData("Thirty <think>days</think>.", "Thirty <think>days</think>.")]
    [InlineData("<thin ice", "<thin ice")]
    [InlineData("a <", "a <")]
    [InlineData("NUL\0 is no text", "NUL is no text")]
    public async Task Thoughts_before_the_answer_are_not_part_of_it_wherever_the_stream_is_cut(
        string said,
        string expected
    )
    {
        for (var cut = 1; cut < said.Length; cut++)
        {
            using var model = new Scripted(TimeSpan.Zero, [new TextContent(said[..cut]), new TextContent(said[cut..])]);
            Assert.Equal(expected, await HearAsync(model, TimeSpan.FromSeconds(30)));
        }

        using var byLetter = new Scripted(
            TimeSpan.Zero,
            [.. said.Select(letter => new TextContent(letter.ToString()))]
        );
        Assert.Equal(expected, await HearAsync(byLetter, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_model_that_only_thinks_has_said_nothing()
    {
        using var model = new Scripted(TimeSpan.Zero, [new TextContent("<think>And so on")]);

        Assert.Null(await HearAsync(model, TimeSpan.FromSeconds(30)));
    }

    /// <summary>All that was said; null when it broke.</summary>
    private async Task<string?> HearAsync(IChatClient model, TimeSpan timeout)
    {
        var target = new ChatModel("voice", "Voice", new ModelEndpoint(new Uri("http://localhost/v1"), "voice", null));
        var plan = new CallPlan<ChatResponseUpdate>(
            new Payer(new TenantId(Guid.CreateVersion7()), Guid.CreateVersion7(), null),
            new UsagePurpose(UsageComponent.Chat, "answer"),
            [target],
            InputTokens: 10,
            MostOutputTokens: 10,
            (_, cancel) => model.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "How long?")], null, cancel),
            ModelCalls.FactsOf
        )
        {
            Timeout = timeout,
        };
        await using var voice = new ModelVoice(
            cancel => chancery.Services.GetRequiredService<ModelRouter>().OpenAsync(plan, cancel),
            chancery.Services.GetRequiredService<ShutdownGrace>(),
            Cancel
        );
        var text = "";
        while (true)
        {
            switch (await voice.NextAsync())
            {
                case ModelStep.Said said:
                    text += said.Text;
                    break;
                case ModelStep.Ended:
                    return text;
                default:
                    return null;
            }
        }
    }

    private sealed class Scripted(TimeSpan between, IReadOnlyList<AIContent> contents) : IChatClient
    {
        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default
        )
        {
            foreach (var content in contents)
            {
                await Task.Delay(between, cancellationToken);
                yield return new ChatResponseUpdate(ChatRole.Assistant, [content]);
            }

            yield return new ChatResponseUpdate(ChatRole.Assistant, []) { FinishReason = ChatFinishReason.Stop };
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
