using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class WireFaultTests : WireTest
{
    private static readonly Dictionary<string, ScriptedReply> Broken = new()
    {
        ["reset"] = ScriptedFault.Reset,
        ["reset at once"] = ScriptedFault.ResetAtOnce,
        ["truncation"] = ScriptedFault.Truncation,
        ["malformed JSON"] = ScriptedFault.MalformedJson,
        ["error object"] = ScriptedFault.ErrorObject,
        ["error object at once"] = ScriptedFault.ErrorObjectAtOnce,
        ["not JSON"] = ScriptedFault.NotJson,
        ["no finish reason"] = new("one two three four") { FinishReason = null },
        ["empty body"] = new() { RawBody = "" },
        ["null"] = new() { RawBody = "null" },
        ["another thing"] = new() { RawBody = "[1,2]" },
    };

    public static TheoryData<ModelProtocol, bool, string> Breaks { get; } =
        new(from wire in Wires from fault in Broken.Keys select (wire.Data.Item1, wire.Data.Item2, fault));

    [Theory, MemberData(nameof(Breaks))]
    public async Task What_is_not_all_of_an_answer_is_a_failure(ModelProtocol protocol, bool isStreamed, string fault)
    {
        Model.Behaves(Broken[fault]);

        var failure = await FailureAsync(protocol, isStreamed);

        Assert.Equal(ModelFailure.Transient, failure.Kind);
        Assert.True(failure.IsTransient);
        Assert.Equal("scripted", failure.Model);
        Assert.Single(Model.Requests);
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task What_came_before_a_break_is_told_and_no_finish(ModelProtocol protocol)
    {
        foreach (
            var fault in (ScriptedReply[])[ScriptedFault.Reset, ScriptedFault.Truncation, ScriptedFault.ErrorObject]
        )
        {
            var read = new TaskCompletionSource();
            Model.Behaves(fault with { EndingHeld = read.Task });
            var updates = new List<ChatResponseUpdate>();

            await Assert.ThrowsAsync<ModelException>(async () =>
            {
                await foreach (var update in Client(protocol).GetStreamingResponseAsync(Hello, null, Cancel))
                {
                    updates.Add(update);
                    if (update.Text == "two ")
                        read.SetResult();
                }
            });

            Assert.Equal("one two ", string.Concat(updates.Select(update => update.Text)));
            Assert.All(updates, update => Assert.Null(update.FinishReason));
            Assert.DoesNotContain(updates, update => update.Contents.OfType<UsageContent>().Any());
        }
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task A_stream_that_breaks_tells_what_it_had_used(ModelProtocol protocol)
    {
        var read = new TaskCompletionSource();
        Model.Behaves(ScriptedFault.Reset with { UsageOnEveryChunk = true, EndingHeld = read.Task });

        var failure = await Assert.ThrowsAsync<ModelException>(async () =>
        {
            await foreach (var update in Client(protocol).GetStreamingResponseAsync(Hello, null, Cancel))
            {
                if (SoFar(update)?.OutputTokenCount == 2)
                    read.TrySetResult();
            }
        });

        var bill = Asked.Bill;
        Assert.False(bill.IsSentToEnd);
        Assert.Equal(bill.Used, bill.Billed);
        Assert.Equal((bill.Reported!.Input, 2), (failure.Usage!.InputTokenCount, failure.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task Output_that_is_not_yet_counted_is_not_told()
    {
        Model.Behaves(ScriptedFault.Truncation);

        var usage = (await FailureAsync(ModelProtocol.Anthropic, isStreamed: true)).Usage!;

        Assert.Equal(Asked.Bill.Used!.Input, usage.InputTokenCount);
        Assert.Null(usage.OutputTokenCount);
        Assert.Null(usage.TotalTokenCount);
    }

    [Theory]
    [InlineData(401, ModelFailure.Key)]
    [InlineData(402, ModelFailure.Key)]
    [InlineData(403, ModelFailure.Key)]
    [InlineData(429, ModelFailure.Rate)]
    [InlineData(408, ModelFailure.Transient)]
    [InlineData(500, ModelFailure.Transient)]
    [InlineData(503, ModelFailure.Transient)]
    [InlineData(529, ModelFailure.Transient)]
    [InlineData(400, ModelFailure.Client)]
    [InlineData(404, ModelFailure.Client)]
    [InlineData(413, ModelFailure.Client)]
    [InlineData(422, ModelFailure.Client)]
    public async Task A_refusal_is_told_by_its_status(int status, ModelFailure kind)
    {
        Model.Behaves(ScriptedReply.Failing(status));
        foreach (var wire in Wires)
        {
            var (protocol, isStreamed) = wire.Data;
            var failure = await FailureAsync(protocol, isStreamed);

            Assert.Equal((protocol, kind, (int?)status), (protocol, failure.Kind, failure.Status));
            Assert.NotNull(failure.ProviderCode);
            Assert.Null(failure.Usage);
        }
    }

    [Fact]
    public async Task A_wait_is_understood_in_each_form_on_each_wire()
    {
        var soon = DateTimeOffset.UnixEpoch.AddYears(80);
        ScriptedReply[] forms =
        [
            ScriptedFault.RateLimitedForSeconds(7),
            ScriptedFault.RateLimitedForMilliseconds(7000),
            ScriptedFault.RateLimitedForMilliseconds(7000, "x-ms-retry-after-ms"),
            ScriptedFault.RateLimitedUntil(soon),
        ];
        foreach (var wire in Wires)
        {
            foreach (var form in forms)
            {
                Model.Behaves(form);
                var client = ModelChatClients.Create(Http, EndpointOf(wire.Data.Item1), new SevenSecondsBefore(soon));

                var failure = await Assert.ThrowsAsync<ModelException>(() =>
                    AskAsync(client, wire.Data.Item2, Hello, null, Cancel)
                );

                Assert.Equal((ModelFailure.Rate, TimeSpan.FromSeconds(7)), (failure.Kind, failure.RetryAfter!.Value));
            }
        }
    }

    [Theory]
    [InlineData(
        "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"37s\"}]}}",
        429,
        ModelFailure.Rate,
        37
    )]
    [InlineData(
        "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}",
        400,
        ModelFailure.Key,
        null
    )]
    [InlineData(
        "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\",\"message\":\"The input token count (2) exceeds the maximum number of tokens allowed (1).\"}}",
        400,
        ModelFailure.Context,
        null
    )]
    [InlineData(
        "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 210000 tokens > 200000 maximum\"}}",
        400,
        ModelFailure.Context,
        null
    )]
    [InlineData(
        "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low\"}}",
        400,
        ModelFailure.Key,
        null
    )]
    [InlineData(
        "{\"error\":{\"code\":403,\"message\":\"The model requires moderation; your input was flagged.\"}}",
        403,
        ModelFailure.Policy,
        null
    )]
    [InlineData(
        "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Too large for tokens per minute.\"}}",
        413,
        ModelFailure.Rate,
        null
    )]
    [InlineData(
        "{\"object\":\"error\",\"message\":\"no\",\"type\":\"invalid_request_error\"}",
        400,
        ModelFailure.Client,
        null
    )]
    [InlineData("[{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\"}}]", 400, ModelFailure.Client, null)]
    [InlineData("<html>", 502, ModelFailure.Transient, null)]
    public async Task What_providers_write_into_a_refusal_is_understood(
        string body,
        int status,
        ModelFailure kind,
        int? wait
    )
    {
        Model.Behaves(new ScriptedReply { Status = status, RawBody = body });

        foreach (var protocol in Protocols)
        {
            var failure = await FailureAsync(protocol.Data, isStreamed: true);

            Assert.Equal((kind, wait), (failure.Kind, (int?)failure.RetryAfter?.TotalSeconds));
        }
    }

    [Theory]
    [InlineData(ModelProtocol.OpenAI, "context_length_exceeded", ModelFailure.Context)]
    [InlineData(ModelProtocol.Anthropic, "overloaded_error", ModelFailure.Transient)]
    [InlineData(ModelProtocol.Anthropic, "rate_limit_error", ModelFailure.Rate)]
    [InlineData(ModelProtocol.Anthropic, "invalid_request_error", ModelFailure.Client)]
    [InlineData(ModelProtocol.Anthropic, "authentication_error", ModelFailure.Key)]
    [InlineData(ModelProtocol.Gemini, "RESOURCE_EXHAUSTED", ModelFailure.Rate)]
    [InlineData(ModelProtocol.Gemini, "PERMISSION_DENIED", ModelFailure.Key)]
    [InlineData(ModelProtocol.Gemini, "INVALID_ARGUMENT", ModelFailure.Client)]
    [InlineData(ModelProtocol.Gemini, "INTERNAL", ModelFailure.Transient)]
    public async Task An_error_inside_a_200_is_told_by_its_code(ModelProtocol protocol, string code, ModelFailure kind)
    {
        Model.Behaves(ScriptedFault.ErrorObject with { ErrorCode = code });
        foreach (var isStreamed in (bool[])[true, false])
        {
            var failure = await FailureAsync(protocol, isStreamed);

            Assert.Equal((kind, code), (failure.Kind, failure.ProviderCode));
        }
    }

    [Theory]
    [InlineData("a code that is a sentence")]
    [InlineData("sk-key\u0000")]
    [InlineData("")]
    public void A_code_that_is_none_is_not_repeated(string code) =>
        Assert.Null(new ModelException(ModelFailure.Client, 400, null, "m") { ProviderCode = code }.ProviderCode);

    [Theory, MemberData(nameof(Wires))]
    public async Task A_failure_repeats_neither_key_nor_words(ModelProtocol protocol, bool isStreamed)
    {
        Model.Behaves(ScriptedReply.Failing(401) with { ErrorMessage = $"Bad key {Key}" });
        var told = (await FailureAsync(protocol, isStreamed)).ToString();

        Assert.DoesNotContain(Key, told, StringComparison.Ordinal);
        Assert.DoesNotContain("Bad key", told, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task An_endpoint_that_is_not_there_is_a_transient_failure(ModelProtocol protocol, bool isStreamed)
    {
        using var nobody = ScriptedFault.NobodyListens();
        var client = ModelChatClients.Create(Http, EndpointOf(protocol) with { BaseAddress = nobody.BaseAddress });

        var failure = await Assert.ThrowsAsync<ModelException>(() => AskAsync(client, isStreamed, Hello, null, Cancel));

        Assert.Equal((ModelFailure.Transient, null), (failure.Kind, failure.Status));
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_key_that_no_header_can_hold_is_a_refused_key(ModelProtocol protocol, bool isStreamed)
    {
        var client = ModelChatClients.Create(Http, EndpointOf(protocol) with { ApiKey = "two\r\nlines: x" });

        var failure = await Assert.ThrowsAsync<ModelException>(() => AskAsync(client, isStreamed, Hello, null, Cancel));

        Assert.Equal(ModelFailure.Key, failure.Kind);
        Assert.Empty(Model.Requests);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Who_leaves_a_model_that_is_silent_or_stalls_or_never_ends_frees_it(
        ModelProtocol protocol,
        bool isStreamed
    )
    {
        // A whole answer without an end is given up by the client itself.
        ScriptedReply[] faults = isStreamed
            ? [ScriptedFault.Silence, ScriptedFault.Stall, ScriptedFault.Endless]
            : [ScriptedFault.Silence, ScriptedFault.Stall];
        foreach (var fault in faults)
        {
            Model.Behaves(fault);
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

            var answer = AskAsync(Client(protocol), isStreamed, Hello, null, leaving.Token);
            while (Model.Running == 0)
                await Task.Delay(1, Cancel);
            Assert.False(answer.IsCompleted);
            await leaving.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
            while (Model.Running > 0)
                await Task.Delay(1, Cancel);
        }
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_slow_answer_is_an_answer(ModelProtocol protocol, bool isStreamed)
    {
        Model.Behaves(ScriptedFault.SlowDrip(TimeSpan.FromMilliseconds(1)));

        Assert.Equal("one two three four", (await AskAsync(protocol, isStreamed)).Text);
    }

    [Theory]
    [InlineData("../../v1/chat/completions?key=")]
    [InlineData("a:generateContent?x=")]
    [InlineData("..")]
    [InlineData("a#b")]
    public async Task A_models_name_leads_nowhere_else(string name)
    {
        var options = new ChatOptions { ModelId = name };

        try
        {
            await AskAsync(ModelProtocol.Gemini, isStreamed: true, options);
        }
        catch (ModelException)
        {
            // The scripted server need not know such a model.
        }

        Assert.All(
            Model.Requests,
            request => Assert.StartsWith("/v1beta/models/", request.Path, StringComparison.Ordinal)
        );
        Assert.All(Model.Requests, request => Assert.Equal("?alt=sse", request.Query));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_prompt_that_google_blocks_is_a_refusal_by_policy(bool isStreamed)
    {
        Model.Behaves(new ScriptedReply { BlockReason = "PROHIBITED_CONTENT" });

        var failure = await FailureAsync(ModelProtocol.Gemini, isStreamed);

        Assert.Equal((ModelFailure.Policy, "PROHIBITED_CONTENT"), (failure.Kind, failure.ProviderCode));
        Assert.Equal(Asked.Bill.Billed!.Input, failure.Usage!.InputTokenCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_of_google_that_got_lost_gave_no_answer(bool isStreamed)
    {
        Model.Behaves(new ScriptedReply { FinishReason = "MALFORMED_FUNCTION_CALL" });

        var failure = await FailureAsync(ModelProtocol.Gemini, isStreamed);

        Assert.Equal((ModelFailure.Transient, "MALFORMED_FUNCTION_CALL"), (failure.Kind, failure.ProviderCode));
        Assert.NotNull(failure.Usage);
    }

    private static UsageDetails? SoFar(ChatResponseUpdate update) =>
        update.AdditionalProperties?.TryGetValue(AnswerProperties.UsageSoFar, out UsageDetails? usage) is true
            ? usage
            : null;

    private sealed class SevenSecondsBefore(DateTimeOffset date) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => date - TimeSpan.FromSeconds(7);
    }
}
