using System.Text.Json;
using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class WireAnswerTests : WireTest
{
    private const string Answer = "The notice period is 14 days — vierzehn Tage für „Käufer“, 十四日 😀.";

    private static readonly ScriptedToolCall Search = new(
        "call_1",
        "search",
        """{"query":"notice period","limit":5}"""
    );
    private static readonly ScriptedToolCall Clock = new("call_2", "clock");

    [Theory, MemberData(nameof(Wires))]
    public async Task An_answer_brings_text_finish_reason_model_and_usage(ModelProtocol protocol, bool isStreamed)
    {
        Model.Replies(Answer);

        var response = await AskAsync(protocol, isStreamed);

        Assert.Equal(Answer, response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("scripted", response.ModelId);
        Assert.NotNull(response.ResponseId);
        var billed = Asked.Bill.Billed!;
        Assert.True(Asked.Bill is { IsSentToEnd: true, IsComplete: true });
        Assert.Equal((billed.Input, billed.Output), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.Equal(billed.Input + billed.Output, response.Usage.TotalTokenCount);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task The_key_goes_in_a_header_and_never_in_an_address(ModelProtocol protocol, bool isStreamed)
    {
        await AskAsync(protocol, isStreamed);

        Assert.Equal(Key, Asked.ApiKey);
        Assert.DoesNotContain(Key, Asked.Path + Asked.Query, StringComparison.Ordinal);
        Assert.Equal(isStreamed, Asked.IsStreamed);
        Assert.Equal(protocol is ModelProtocol.OpenAI, Asked.Headers.ContainsKey("Authorization"));
        if (protocol is ModelProtocol.Anthropic)
            Assert.Equal("2023-06-01", Asked.Headers["anthropic-version"]);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Messages_of_all_roles_and_the_options_reach_the_model(ModelProtocol protocol, bool isStreamed)
    {
        var options = new ChatOptions
        {
            Instructions = "Be brief.",
            Temperature = 0.25f,
            TopP = 0.5f,
            MaxOutputTokens = 99,
            StopSequences = ["END"],
            ModelId = "another",
        };
        ChatMessage[] messages =
        [
            new(ChatRole.System, "Answer from the sources."),
            new(ChatRole.User, "When? \uD800"),
            new(ChatRole.Assistant, "Now."),
            new(ChatRole.User, "Why?"),
        ];

        await AskAsync(Client(protocol), isStreamed, messages, options, Cancel);

        Assert.Equal("another", Asked.Model);
        var between = protocol is ModelProtocol.OpenAI ? "\nsystem: " : "";
        Assert.Equal(
            $"system: Be brief.{between}Answer from the sources.\nuser: When? \uFFFD\nassistant: Now.\nuser: Why?",
            Asked.Prompt
        );
        var (settings, limit, stop) = protocol switch
        {
            ModelProtocol.OpenAI => (Asked.Body, "max_tokens", "stop"),
            ModelProtocol.Anthropic => (Asked.Body, "max_tokens", "stop_sequences"),
            _ => (Asked.Body.GetProperty("generationConfig"), "maxOutputTokens", "stopSequences"),
        };
        Assert.Equal(0.25f, settings.GetProperty("temperature").GetSingle());
        Assert.Equal(99, settings.GetProperty(limit).GetInt32());
        Assert.Equal("END", settings.GetProperty(stop)[0].GetString());
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Tools_are_offered_and_their_calls_come_whole(ModelProtocol protocol, bool isStreamed)
    {
        Model.Behaves(new ScriptedReply("I look it up.") { ToolCalls = [Search, Clock], ChunkLength = 5 });

        var response = await AskAsync(
            protocol,
            isStreamed,
            new ChatOptions { Tools = [SearchTool], ToolMode = ChatToolMode.RequireSpecific("search") }
        );

        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal("I look it up.", response.Text);
        var calls = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
        Assert.Equal(["search", "clock"], calls.Select(call => call.Name));
        Assert.Equal(["call_1", "call_2"], calls.Select(call => call.CallId));
        Assert.Equal("notice period", calls[0].Arguments!["query"]!.ToString());
        Assert.Equal("5", calls[0].Arguments!["limit"]!.ToString());
        Assert.Empty(calls[1].Arguments!);
        Assert.All(calls, call => Assert.Null(call.Exception));

        var offered = protocol switch
        {
            ModelProtocol.OpenAI => Asked.Body.GetProperty("tools")[0].GetProperty("function"),
            ModelProtocol.Anthropic => Asked.Body.GetProperty("tools")[0],
            _ => Asked.Body.GetProperty("tools")[0].GetProperty("functionDeclarations")[0],
        };
        Assert.Equal("search", offered.GetProperty("name").GetString());
        Assert.Equal("Finds passages.", offered.GetProperty("description").GetString());
        var schema = protocol switch
        {
            ModelProtocol.OpenAI => "parameters",
            ModelProtocol.Anthropic => "input_schema",
            _ => "parametersJsonSchema",
        };
        Assert.Equal(
            "string",
            offered.GetProperty(schema).GetProperty("properties").GetProperty("query").GetProperty("type").GetString()
        );
        var forced = protocol switch
        {
            ModelProtocol.OpenAI => Asked.Body.GetProperty("tool_choice").GetProperty("function").GetProperty("name"),
            ModelProtocol.Anthropic => Asked.Body.GetProperty("tool_choice").GetProperty("name"),
            _ => Asked
                .Body.GetProperty("toolConfig")
                .GetProperty("functionCallingConfig")
                .GetProperty("allowedFunctionNames")[0],
        };
        Assert.Equal("search", forced.GetString());
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task A_tool_call_is_seen_while_it_is_written(ModelProtocol protocol)
    {
        Model.Behaves(new ScriptedReply { ToolCalls = [Search, Clock], ChunkLength = 5 });

        var updates = await UpdatesAsync(protocol);

        var deltas = updates.SelectMany(update => update.Contents).OfType<ToolCallDelta>().ToList();
        Assert.Equal("search", deltas[0].Name);
        var written = string.Concat(deltas.Where(delta => delta.Index == 0).Select(delta => delta.ArgumentsPiece));
        Assert.Equal(Search.Arguments, written);
        Assert.Equal(["call_1", "call_2"], deltas.Select(delta => delta.CallId).Distinct());
        var first = updates.FindIndex(update => update.Contents.Any(content => content is ToolCallDelta));
        var whole = updates.FindIndex(update => update.Contents.Any(content => content is FunctionCallContent));
        Assert.True(first <= whole, $"delta at {first}, call at {whole}");
        Assert.All(updates[..first], update => Assert.Empty(update.Contents));
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task A_turn_with_tools_goes_back_as_it_came(ModelProtocol protocol)
    {
        Model.Behaves(request =>
            request.Body.ToString().Contains("14 days", StringComparison.Ordinal)
                ? new ScriptedReply("14 days.")
                : new ScriptedReply
                {
                    Reasoning = "Look it up.",
                    Signature = "c2lnbmVk",
                    ToolCalls = [Search],
                }
        );
        List<ChatMessage> turn = [.. Hello];

        var first = await AskAsync(Client(protocol), isStreamed: true, turn, null, Cancel);
        turn.AddRange(first.Messages);
        turn.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent("call_1", new { passage = "14 days" })]));
        var second = await AskAsync(Client(protocol), isStreamed: false, turn, null, Cancel);

        Assert.Equal("14 days.", second.Text);
        var sent = Model.ChatRequests[1].Body;
        switch (protocol)
        {
            case ModelProtocol.OpenAI:
                var messages = sent.GetProperty("messages");
                var call = messages[1].GetProperty("tool_calls")[0];
                Assert.Equal("call_1", call.GetProperty("id").GetString());
                Assert.Equal(Search.Arguments, call.GetProperty("function").GetProperty("arguments").GetString());
                Assert.Equal(JsonValueKind.Null, messages[1].GetProperty("content").ValueKind);
                Assert.Equal("call_1", messages[2].GetProperty("tool_call_id").GetString());
                Assert.Equal("""{"passage":"14 days"}""", messages[2].GetProperty("content").GetString());
                break;
            case ModelProtocol.Anthropic:
                var blocks = sent.GetProperty("messages")[1].GetProperty("content");
                Assert.Equal("Look it up.", blocks[0].GetProperty("thinking").GetString());
                Assert.Equal("c2lnbmVk", blocks[0].GetProperty("signature").GetString());
                Assert.Equal(Search.Arguments, blocks[1].GetProperty("input").GetRawText());
                var result = sent.GetProperty("messages")[2].GetProperty("content")[0];
                Assert.Equal("call_1", result.GetProperty("tool_use_id").GetString());
                Assert.Equal("""{"passage":"14 days"}""", result.GetProperty("content").GetString());
                break;
            default:
                var part = sent.GetProperty("contents")[1].GetProperty("parts")[0];
                Assert.Equal("c2lnbmVk", part.GetProperty("thoughtSignature").GetString());
                Assert.Equal(Search.Arguments, part.GetProperty("functionCall").GetProperty("args").GetRawText());
                var answer = sent.GetProperty("contents")[2].GetProperty("parts")[0].GetProperty("functionResponse");
                Assert.Equal("search", answer.GetProperty("name").GetString());
                Assert.Equal("14 days", answer.GetProperty("response").GetProperty("passage").GetString());
                break;
        }
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task Images_are_sent_by_value_and_by_address(ModelProtocol protocol)
    {
        var message = new ChatMessage(
            ChatRole.User,
            [
                new TextContent("What is this?"),
                new DataContent(new byte[] { 1, 2, 3 }, "image/png"),
                new UriContent(new Uri("https://pictures.example/a.jpg"), "image/jpeg"),
            ]
        );

        await AskAsync(Client(protocol), isStreamed: false, [message], null, Cancel);

        Assert.Equal("What is this?", Asked.LastUserMessage);
        var parts =
            protocol is ModelProtocol.Gemini
                ? Asked.Body.GetProperty("contents")[0].GetProperty("parts")
                : Asked.Body.GetProperty("messages")[0].GetProperty("content");
        var (value, address) = protocol switch
        {
            ModelProtocol.OpenAI => (
                parts[1].GetProperty("image_url").GetProperty("url").GetString()!.Split(',')[1],
                parts[2].GetProperty("image_url").GetProperty("url").GetString()
            ),
            ModelProtocol.Anthropic => (
                parts[1].GetProperty("source").GetProperty("data").GetString(),
                parts[2].GetProperty("source").GetProperty("url").GetString()
            ),
            _ => (
                parts[1].GetProperty("inlineData").GetProperty("data").GetString(),
                parts[2].GetProperty("fileData").GetProperty("fileUri").GetString()
            ),
        };
        Assert.Equal(("AQID", "https://pictures.example/a.jpg"), (value, address));
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task What_a_protocol_cannot_carry_is_refused_before_anything_is_sent(ModelProtocol protocol)
    {
        var message = new ChatMessage(ChatRole.User, [new ErrorContent("none")]);

        await Assert.ThrowsAsync<NotSupportedException>(() =>
            AskAsync(Client(protocol), isStreamed: true, [message], null, Cancel)
        );
        await Assert.ThrowsAsync<NotSupportedException>(() =>
            AskAsync(protocol, isStreamed: false, new ChatOptions { Tools = [new HostedWebSearchTool()] })
        );

        Assert.Empty(Model.Requests);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Reasoning_comes_apart_from_the_text(ModelProtocol protocol, bool isStreamed)
    {
        Model.Behaves(
            new ScriptedReply(Answer)
            {
                Reasoning = "Clause 4 says so.",
                Signature = "c2lnbmVk",
                ChunkLength = 5,
            }
        );

        var response = await AskAsync(protocol, isStreamed);

        Assert.Equal(Answer, response.Text);
        var thoughts = response.Messages.SelectMany(message => message.Contents).OfType<TextReasoningContent>();
        Assert.Equal("Clause 4 says so.", string.Concat(thoughts.Select(thought => thought.Text)));
        if (protocol is not ModelProtocol.Anthropic)
            Assert.Equal(5, response.Usage!.ReasoningTokenCount);
        Assert.Equal(Asked.Bill.Billed!.Output, response.Usage!.OutputTokenCount);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Every_class_of_tokens_is_told(ModelProtocol protocol, bool isStreamed)
    {
        var told = protocol switch
        {
            ModelProtocol.OpenAI => new ScriptedUsage(1000, 200, CacheRead: 600, CacheWrite: 100, Reasoning: 150),
            ModelProtocol.Anthropic => new ScriptedUsage(
                1000,
                200,
                CacheRead: 600,
                CacheWrite: 100,
                CacheWriteHour: 50
            ),
            _ => new ScriptedUsage(1000, 200, CacheRead: 600, Reasoning: 150),
        };
        Model.Behaves(new ScriptedReply(Answer) { Usage = told });

        var usage = (await AskAsync(protocol, isStreamed)).Usage!;

        Assert.Equal(told, Told(usage));
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task Usage_that_grows_is_not_added_up_and_is_told_on_the_way(ModelProtocol protocol)
    {
        Model.Behaves(new ScriptedReply(Answer) { UsageOnEveryChunk = true });

        var updates = await UpdatesAsync(protocol);

        Assert.Equal(Asked.Bill.Billed!.Output, updates.ToChatResponse().Usage!.OutputTokenCount);
        var sums = updates
            .Select(update => update.AdditionalProperties?[AnswerProperties.UsageSoFar])
            .OfType<UsageDetails>()
            .Select(usage => usage.OutputTokenCount)
            .ToList();
        Assert.True(sums.Count > 2);
        Assert.Equal(sums.Order(), sums);
        Assert.Single(updates.SelectMany(update => update.Contents).OfType<UsageContent>());
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Usage_is_told_as_the_provider_says_it_or_not_at_all(ModelProtocol protocol, bool isStreamed)
    {
        Model.Behaves(ScriptedFault.WrongUsage);
        var wrong = (await AskAsync(protocol, isStreamed)).Usage!;

        Model.Behaves(ScriptedFault.NoUsage);
        var none = await AskAsync(protocol, isStreamed);

        Assert.Equal((1_000_000, 7), (wrong.InputTokenCount, wrong.OutputTokenCount));
        Assert.Null(none.Usage);
        Assert.Equal("one two three four", none.Text);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Finish_reasons_come_in_one_language(ModelProtocol protocol, bool isStreamed)
    {
        foreach (var reason in (string[])["stop", "length", "content_filter"])
        {
            Model.Behaves(new ScriptedReply("Half a") { FinishReason = reason });

            Assert.Equal(reason, (await AskAsync(protocol, isStreamed)).FinishReason!.Value.Value);
        }
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task A_schema_for_the_answer_is_sent(ModelProtocol protocol)
    {
        using var schema = JsonDocument.Parse("""{"type":"object","title":"clause"}""");

        await AskAsync(
            protocol,
            isStreamed: false,
            new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement, "clause") }
        );

        var sent = protocol switch
        {
            ModelProtocol.OpenAI => Asked
                .Body.GetProperty("response_format")
                .GetProperty("json_schema")
                .GetProperty("schema"),
            ModelProtocol.Anthropic => Asked
                .Body.GetProperty("output_config")
                .GetProperty("format")
                .GetProperty("schema"),
            _ => Asked.Body.GetProperty("generationConfig").GetProperty("responseJsonSchema"),
        };
        Assert.Equal("clause", sent.GetProperty("title").GetString());
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task Extra_parameters_pass_but_take_no_others_place(ModelProtocol protocol)
    {
        var options = new ChatOptions
        {
            Temperature = 0.5f,
            AdditionalProperties = new()
            {
                ["service_tier"] = "flex",
                ["metadata"] = new Dictionary<string, object?> { ["user_id"] = "u1", ["list"] = new[] { 1, 2 } },
                ["Model"] = "dearer",
                [protocol is ModelProtocol.Gemini ? "contents" : "messages"] = "none",
                ["STREAM"] = true,
                ["MaxTokens"] = 1_000_000,
                ["max_output_tokens"] = 1_000_000,
                ["candidate_count"] = 8,
                ["n"] = 8,
                ["temperature"] = 2.0,
            },
        };

        var response = await AskAsync(protocol, isStreamed: false, options);

        Assert.Equal(Hello[0].Text, response.Text);
        Assert.Equal("scripted", Asked.Model);
        var settings = protocol is ModelProtocol.Gemini ? Asked.Body.GetProperty("generationConfig") : Asked.Body;
        Assert.Equal("flex", settings.GetProperty("service_tier").GetString());
        Assert.Equal(2, settings.GetProperty("metadata").GetProperty("list")[1].GetInt32());
        Assert.Equal(0.5, settings.GetProperty("temperature").GetDouble());
        var sent = Asked.Body.ToString();
        Assert.DoesNotContain("dearer", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("1000000", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("STREAM", sent, StringComparison.Ordinal);
        Assert.False(settings.TryGetProperty("n", out _));
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task An_object_of_the_program_is_no_parameter(ModelProtocol protocol)
    {
        var options = new ChatOptions { AdditionalProperties = new() { ["secret"] = Endpoint } };

        await Assert.ThrowsAsync<NotSupportedException>(() => AskAsync(protocol, isStreamed: false, options));
    }

    [Theory]
    [InlineData(ModelProtocol.OpenAI, false)]
    [InlineData(ModelProtocol.OpenAI, true)]
    [InlineData(ModelProtocol.Gemini, false)]
    [InlineData(ModelProtocol.Gemini, true)]
    public async Task Log_probabilities_are_asked_for_and_come(ModelProtocol protocol, bool isStreamed)
    {
        Model.Behaves(new ScriptedReply("14 days") { WithProbabilities = true });
        var options = new ChatOptions
        {
            AdditionalProperties = new() { ["logprobs"] = true, ["top_logprobs"] = 2 },
        };

        var told = isStreamed
            ? (await UpdatesAsync(protocol, options)).Single(update => update.Text.Length > 0).AdditionalProperties
            : (await AskAsync(protocol, isStreamed, options)).AdditionalProperties;

        var probabilities = Assert.IsType<JsonElement>(told![AnswerProperties.LogProbabilities]);
        Assert.Contains("14 days", probabilities.ToString(), StringComparison.Ordinal);
        var (settings, name) =
            protocol is ModelProtocol.OpenAI
                ? (Asked.Body, "top_logprobs")
                : (Asked.Body.GetProperty("generationConfig"), "logprobs");
        Assert.Equal(2, settings.GetProperty(name).GetInt32());
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task Streams_are_read_however_they_are_framed(ModelProtocol protocol)
    {
        foreach (var ending in (string[])["\n", "\r\n", "\r"])
        {
            Model.Behaves(
                new ScriptedReply(Answer)
                {
                    LineEnding = ending,
                    WithByteOrderMark = true,
                    WithComments = true,
                    WithMultiLineData = true,
                    SplitBytes = ending == "\r\n",
                    ToolCalls = [Clock],
                }
            );

            var response = (await UpdatesAsync(protocol)).ToChatResponse();

            Assert.Equal(Answer, response.Text);
            Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
            Assert.NotNull(response.Usage);
        }
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task Events_that_say_nothing_hold_nothing(ModelProtocol protocol)
    {
        Model.Behaves(new ScriptedReply("x") { EmptyDeltas = 3 });

        var updates = await UpdatesAsync(protocol);

        var first = updates.FindIndex(update => update.Contents.Count > 0);
        Assert.True(first > 0 || protocol is ModelProtocol.Gemini);
        Assert.Equal("x", updates[first].Text);
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task An_answer_of_100_KB_comes_whole(ModelProtocol protocol)
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i % 997} "));
        Model.Behaves(new ScriptedReply(text) { ChunkLength = 400 });

        Assert.Equal(text, (await UpdatesAsync(protocol)).ToChatResponse().Text);
    }

    [Theory, MemberData(nameof(Protocols))]
    public async Task An_endpoint_that_does_not_stream_is_read_all_the_same(ModelProtocol protocol)
    {
        await AskAsync(protocol, isStreamed: false);
        var whole = protocol switch
        {
            ModelProtocol.OpenAI => """{"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]}""",
            ModelProtocol.Anthropic => """{"content":[{"type":"text","text":"whole"}],"stop_reason":"end_turn"}""",
            _ => """{"candidates":[{"content":{"parts":[{"text":"whole"}]},"finishReason":"STOP"}]}""",
        };
        Model.Behaves(new ScriptedReply { RawBody = whole });

        var response = (await UpdatesAsync(protocol)).ToChatResponse();

        Assert.Equal(("whole", ChatFinishReason.Stop), (response.Text, response.FinishReason));
    }

    private static AIFunctionDeclaration SearchTool =>
        AIFunctionFactory.Create((string query, int limit) => query + limit, "search", "Finds passages.");

    private static ScriptedUsage Told(UsageDetails usage) =>
        new(
            usage.InputTokenCount ?? -1,
            usage.OutputTokenCount ?? -1,
            usage.CachedInputTokenCount ?? 0,
            usage.AdditionalCounts?.GetValueOrDefault(AnswerProperties.CacheWriteTokens) ?? 0,
            usage.AdditionalCounts?.GetValueOrDefault(AnswerProperties.CacheWriteHourTokens) ?? 0,
            usage.ReasoningTokenCount ?? 0
        );
}
