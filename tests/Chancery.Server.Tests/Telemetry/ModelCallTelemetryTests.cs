using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Tests.Telemetry;

// Listeners of other tests hear every call of the process.
[Collection("Spans")]
public sealed class ModelCallTelemetryTests
{
    private static readonly ModelCallStart Chat = new(GenAI.Operations.Chat, "mistral", "mistral-small")
    {
        Address = new("https://api.example.com/v1"),
    };

    private static readonly ModelCallEnd Used = new()
    {
        InputTokens = 100,
        CacheReadTokens = 30,
        CacheWriteTokens = 7,
        OutputTokens = 50,
        ReasoningTokens = 20,
        FinishReason = "stop",
        ResponseModel = "mistral-small-2603",
        ResponseId = "cmpl-1",
    };

    [Fact]
    public void A_sampler_can_decide_by_what_the_span_has_from_the_start()
    {
        using var heard = new HeardCalls();

        using (heard.Calls.Start(Chat)) { }

        Assert.Equal("chat", heard.AtStart["gen_ai.operation.name"]);
        Assert.Equal("mistral_ai", heard.AtStart["gen_ai.provider.name"]);
        Assert.Equal("mistral-small", heard.AtStart["gen_ai.request.model"]);
        Assert.Equal("api.example.com", heard.AtStart["server.address"]);
        Assert.Equal(443, heard.AtStart["server.port"]);
    }

    [Fact]
    public void A_call_is_one_clients_span_with_what_was_asked_and_what_came_back()
    {
        using var heard = new HeardCalls();
        var tenant = new TenantId(Guid.CreateVersion7());

        using (
            var scope = heard.Calls.Start(
                Chat with
                {
                    MaxTokens = 200,
                    Temperature = 0.5,
                    StopSequences = ["END"],
                    Choices = 1,
                    Tenant = tenant,
                    Attempt = 2,
                    FallbackIndex = 1,
                }
            )
        )
        {
            scope.Succeeded(Used);
        }

        var span = Assert.Single(heard.Spans);
        Assert.Equal("chat mistral-small", span.DisplayName);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal(200, span.GetTagItem("gen_ai.request.max_tokens"));
        Assert.Equal(0.5, span.GetTagItem("gen_ai.request.temperature"));
        Assert.Equal<string[]>(["END"], span.GetTagItem("gen_ai.request.stop_sequences") as string[]);
        Assert.Equal<string[]>(["stop"], span.GetTagItem("gen_ai.response.finish_reasons") as string[]);
        Assert.Equal("cmpl-1", span.GetTagItem("gen_ai.response.id"));
        Assert.Equal("mistral-small-2603", span.GetTagItem("gen_ai.response.model"));
        Assert.Equal(tenant.ToString(), span.GetTagItem("chancery.tenant.id"));
        Assert.Equal(2, span.GetTagItem("chancery.attempt"));
        Assert.Equal(1, span.GetTagItem("chancery.fallback.index"));
        Assert.Null(span.GetTagItem("gen_ai.request.stream"));
        Assert.Null(span.GetTagItem("gen_ai.request.choice.count"));
        Assert.Null(span.GetTagItem("gen_ai.response.time_to_first_chunk"));
        Assert.Null(span.GetTagItem("error.type"));
        Assert.Equal("https://opentelemetry.io/schemas/1.41.0", span.Source.TelemetrySchemaUrl);
    }

    [Fact]
    public void Input_is_told_with_what_the_providers_cache_gave_and_took()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat))
        {
            scope.Succeeded(Used);
        }

        var span = Assert.Single(heard.Spans);
        Assert.Equal(137L, span.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(50L, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(30L, span.GetTagItem("gen_ai.usage.cache_read.input_tokens"));
        Assert.Equal(7L, span.GetTagItem("gen_ai.usage.cache_creation.input_tokens"));
        Assert.Equal(20L, span.GetTagItem("gen_ai.usage.reasoning.output_tokens"));
        var figures = heard
            .Of("gen_ai.client.token.usage")
            .ToDictionary(figure => (string)figure.Tags["gen_ai.token.type"]!, figure => figure);
        Assert.Equal(137, figures["input"].Value);
        Assert.Equal(50, figures["output"].Value);
        Assert.Equal("mistral-small-2603", figures["input"].Tags["gen_ai.response.model"]);
        Assert.DoesNotContain(
            figures["input"].Tags.Keys,
            name => name.StartsWith("chancery.", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_failure_has_a_type_a_status_and_a_description_without_secrets()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat))
        {
            scope.Failed("429", default, "Refused for sk-live1234567890abcdef");
        }

        var span = Assert.Single(heard.Spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("Refused for sk-***", span.StatusDescription);
        Assert.Equal("429", span.GetTagItem("error.type"));
        Assert.Equal("gen_ai.client.operation.exception", Assert.Single(span.Events).Name);
        Assert.Equal("429", Assert.Single(heard.Of("gen_ai.client.operation.duration")).Tags["error.type"]);
        Assert.Empty(heard.Of("gen_ai.client.token.usage"));
    }

    [Fact]
    public void A_failed_call_whose_tokens_the_provider_reported_counts_them()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat))
        {
            scope.Failed("truncated", new ModelCallEnd { InputTokens = 12 });
        }

        Assert.Equal(12, Assert.Single(heard.Of("gen_ai.client.token.usage")).Value);
        Assert.Equal(12L, Assert.Single(heard.Spans).GetTagItem("gen_ai.usage.input_tokens"));
    }

    [Fact]
    public void A_call_that_is_left_without_an_end_has_failed()
    {
        using var heard = new HeardCalls();

        using (heard.Calls.Start(Chat)) { }

        var span = Assert.Single(heard.Spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("_OTHER", span.GetTagItem("error.type"));
    }

    [Fact]
    public void An_end_counts_once()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat))
        {
            scope.Succeeded(Used);
            scope.Failed("late", default);
            scope.Part();
        }

        Assert.Single(heard.Of("gen_ai.client.operation.duration"));
        Assert.Equal(ActivityStatusCode.Unset, Assert.Single(heard.Spans).Status);
    }

    [Fact]
    public void A_stream_tells_its_first_part_and_the_time_between_parts()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat with { Streamed = true }))
        {
            heard.Clock.Now += TimeSpan.FromMilliseconds(300);
            scope.FirstPart();
            heard.Clock.Now += TimeSpan.FromMilliseconds(20);
            scope.Part();
            heard.Clock.Now += TimeSpan.FromMilliseconds(30);
            scope.Part();
            scope.Succeeded(Used);
        }

        var span = Assert.Single(heard.Spans);
        Assert.Equal(true, span.GetTagItem("gen_ai.request.stream"));
        Assert.Equal(0.3, span.GetTagItem("gen_ai.response.time_to_first_chunk"));
        Assert.Equal(0.3, Assert.Single(heard.Of("gen_ai.client.operation.time_to_first_chunk")).Value);
        Assert.Equal([0.02, 0.03], heard.Of("gen_ai.client.operation.time_per_output_chunk").Select(one => one.Value));
        Assert.Equal(0.35, Assert.Single(heard.Of("gen_ai.client.operation.duration")).Value);
    }

    [Fact]
    public void What_does_not_stream_has_no_times_of_parts()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat))
        {
            scope.FirstPart();
            scope.Part();
            scope.Succeeded(Used);
        }

        Assert.Empty(heard.Of("gen_ai.client.operation.time_to_first_chunk"));
        Assert.Empty(heard.Of("gen_ai.client.operation.time_per_output_chunk"));
    }

    [Fact]
    public void Tokens_that_were_counted_here_are_no_measurement()
    {
        using var heard = new HeardCalls();

        using (var scope = heard.Calls.Start(Chat))
        {
            scope.Succeeded(Used with { Estimated = true });
        }

        Assert.Empty(heard.Of("gen_ai.client.token.usage"));
        Assert.Equal(1, Assert.Single(heard.Of("chancery_usage_estimated_total")).Value);
        var span = Assert.Single(heard.Spans);
        Assert.Null(span.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(true, span.GetTagItem("chancery.usage.estimated"));
    }

    [Fact]
    public void Histograms_have_the_bounds_that_are_prescribed()
    {
        using var heard = new HeardCalls();

        var tokens = (Histogram<long>)heard.Instruments.Single(one => one.Name == "gen_ai.client.token.usage");
        Assert.Equal("{token}", tokens.Unit);
        Assert.Equal(
            Enumerable.Range(0, 14).Select(power => 1L << (2 * power)),
            tokens.Advice?.HistogramBucketBoundaries
        );
        foreach (
            var name in new[]
            {
                "gen_ai.client.operation.duration",
                "gen_ai.client.operation.time_to_first_chunk",
                "gen_ai.client.operation.time_per_output_chunk",
            }
        )
        {
            var times = (Histogram<double>)heard.Instruments.Single(one => one.Name == name);
            Assert.Equal("s", times.Unit);
            Assert.Equal(
                Enumerable.Range(0, 14).Select(power => Math.Round(0.01 * (1 << power), 2)),
                times.Advice?.HistogramBucketBoundaries
            );
        }
    }

    [Fact]
    public void The_next_editions_names_stand_instead_of_the_released_ones()
    {
        using var heard = new HeardCalls(true, ("GENAI_NAMES", "newest"));

        using (var scope = heard.Calls.Start(Chat with { PromptName = "brief", PromptVersion = "3" }))
        {
            scope.Succeeded(Used);
        }

        Assert.Empty(heard.Of("gen_ai.client.operation.duration"));
        Assert.Empty(heard.Of("gen_ai.client.token.usage"));
        Assert.Single(heard.Of("gen_ai.client.inference.duration"));
        Assert.Equal(137, Assert.Single(heard.Of("gen_ai.client.inference.usage.input_tokens")).Value);
        var span = Assert.Single(heard.Spans);
        Assert.Equal("brief", span.GetTagItem("gen_ai.prompt.name"));
        Assert.Equal(7L, span.GetTagItem("gen_ai.usage.cache_write.input_tokens"));
        Assert.Null(span.GetTagItem("gen_ai.usage.cache_creation.input_tokens"));
    }

    [Fact]
    public void Both_editions_are_told_only_where_they_are_asked_for()
    {
        using var both = new HeardCalls(true, ("GENAI_NAMES", "both"));
        using var released = new HeardCalls();

        foreach (var heard in new[] { both, released })
        {
            using var scope = heard.Calls.Start(Chat with { PromptName = "brief", PromptVersion = "3" });
            scope.Succeeded(Used);
        }

        Assert.Equal("3", Assert.Single(released.Spans).GetTagItem("gen_ai.prompt.version"));
        Assert.Single(both.Of("gen_ai.client.operation.duration"));
        Assert.Single(both.Of("gen_ai.client.inference.duration"));
        Assert.DoesNotContain(
            released.Figures,
            figure => figure.Name.StartsWith("gen_ai.client.inference.", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void What_is_said_is_recorded_for_nobody_unless_the_operator_names_them()
    {
        var tenant = new TenantId(Guid.CreateVersion7());
        using var off = new HeardCalls();
        using var other = new HeardCalls(true, ("GENAI_CONTENT", Guid.CreateVersion7().ToString()));

        foreach (var heard in new[] { off, other })
        {
            using var scope = heard.Calls.Start(Chat with { Tenant = tenant });
            Assert.False(scope.CapturesContent);
            scope.Asked([new ChatMessage(ChatRole.User, "a question")]);
            scope.Answered([new ChatMessage(ChatRole.Assistant, "an answer")], "stop");
        }

        Assert.DoesNotContain(
            off.Spans.Concat(other.Spans).SelectMany(span => span.TagObjects),
            tag => tag.Key is "gen_ai.input.messages" or "gen_ai.output.messages"
        );
    }

    [Fact]
    public void What_is_recorded_is_without_secrets_and_stays_JSON_when_it_is_cut()
    {
        var tenant = new TenantId(Guid.CreateVersion7());
        using var heard = new HeardCalls(true, ("GENAI_CONTENT", $"{tenant}, {Guid.CreateVersion7()}"));
        var huge = string.Concat(Enumerable.Repeat("\"ü😀\\\n", 20_000));

        using (var scope = heard.Calls.Start(Chat with { Tenant = tenant }))
        {
            Assert.True(scope.CapturesContent);
            scope.Asked([
                new ChatMessage(ChatRole.System, "My password: hunter2-hunter2, ann@example.com"),
                .. Enumerable.Range(0, 40).Select(_ => new ChatMessage(ChatRole.User, huge)),
            ]);
            scope.Answered(
                [
                    new ChatMessage(
                        ChatRole.Assistant,
                        [
                            new FunctionCallContent(
                                "call_1",
                                "look_up",
                                new Dictionary<string, object?> { ["token"] = "t0p-s3cret" }
                            ),
                            new DataContent(new byte[] { 1, 2, 3 }, "image/png"),
                        ]
                    ),
                ],
                "tool_calls"
            );
            scope.Succeeded(Used);
        }

        var span = Assert.Single(heard.Spans);
        var asked = (string)span.GetTagItem("gen_ai.input.messages")!;
        var input = JsonDocument.Parse(asked).RootElement;
        Assert.Equal(41, input.GetArrayLength());
        Assert.Equal("system", input[0].GetProperty("role").GetString());
        Assert.Equal("text", input[0].GetProperty("parts")[0].GetProperty("type").GetString());
        Assert.True(asked.Length < 300_000, $"{asked.Length} characters");
        Assert.DoesNotContain("hunter2", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", asked, StringComparison.Ordinal);
        var output = JsonDocument.Parse((string)span.GetTagItem("gen_ai.output.messages")!).RootElement;
        Assert.Equal("tool_calls", output[0].GetProperty("finish_reason").GetString());
        Assert.Equal("tool_call", output[0].GetProperty("parts")[0].GetProperty("type").GetString());
        Assert.DoesNotContain("t0p-s3cret", output.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("", output[0].GetProperty("parts")[1].GetProperty("content").GetString());
    }

    [Fact]
    public void Where_nobody_listens_a_call_costs_no_memory()
    {
        using var unheard = new HeardCalls(heard: false);
        Run(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var scope = unheard.Calls.Start(Chat with { Streamed = true });
                scope.FirstPart();
                scope.Part();
                scope.Succeeded(Used);
                using var inFlight = unheard.Meter.Began();
                unheard.Meter.Overhead(TimeSpan.FromMicroseconds(80), GenAI.Operations.Chat);
                unheard.Meter.CacheAsked("process", "miss");
            }
        }
    }

    [Fact]
    public void Counters_of_the_gateway_count_with_their_labels()
    {
        using var heard = new HeardCalls();

        using (heard.Meter.Began())
        {
            heard.Meter.FellBack("a", "b", "rate");
            heard.Meter.BudgetRejected("tenant", "month");
            heard.Meter.StreamTruncated("openai", "m");
            heard.Meter.CacheAsked("redis", "hit");
            heard.Meter.QueueWait(TimeSpan.FromMilliseconds(2));
            heard.Meter.Overhead(TimeSpan.FromMicroseconds(-1), GenAI.Operations.Chat);
        }

        Assert.Equal([1, -1], heard.Of("chancery_in_flight_requests").Select(one => one.Value));
        var fallback = Assert.Single(heard.Of("chancery_fallback_total"));
        Assert.Equal(("a", "b", "rate"), (fallback.Tags["from"], fallback.Tags["to"], fallback.Tags["reason"]));
        Assert.Equal("month", Assert.Single(heard.Of("chancery_budget_rejections_total")).Tags["period"]);
        Assert.Equal("hit", Assert.Single(heard.Of("chancery_cache_requests_total")).Tags["outcome"]);
        Assert.Single(heard.Of("chancery_stream_truncated_total"));
        Assert.Equal(0.002, Assert.Single(heard.Of("chancery_queue_wait_seconds")).Value);
        Assert.Equal(0, Assert.Single(heard.Of("chancery_overhead_seconds")).Value);
    }

    [Theory]
    [InlineData("GENAI_NAMES", "v2")]
    [InlineData("GENAI_CONTENT", "everybody")]
    [InlineData("GENAI_CONTENT", "0192a3b4-0000-7000-8000-000000000000,")]
    [InlineData("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "EVENT_ONLY")]
    public void A_setting_that_cannot_be_used_is_named(string name, string value)
    {
        var refused = Assert.Throws<SettingException>(() => HeardCalls.Read((name, value)));

        Assert.Equal(name, refused.Name);
    }

    [Fact]
    public void OpenTelemetrys_own_switch_for_content_is_understood_and_ours_comes_first()
    {
        const string theirs = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

        Assert.True(HeardCalls.Read((theirs, "true")).Captures(null));
        Assert.False(HeardCalls.Read((theirs, "true"), ("GENAI_CONTENT", "off")).Captures(null));
        Assert.True(HeardCalls.Read(("GENAI_CONTENT", "all")).Captures(null));
        Assert.False(HeardCalls.Read().Captures(null));
    }
}
