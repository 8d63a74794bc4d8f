using System.Diagnostics;
using System.Net;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Tracing;
using Microsoft.AspNetCore.Http;

namespace Chancery.Server.Tests.Telemetry;

// One after the other with whatever else sends spans: a span is sampled when anybody in the process wants it.
[Collection("Spans")]
public sealed class TraceExportTests
{
    [Fact]
    public async Task A_span_reaches_the_collector_with_the_operators_header_and_under_the_services_name()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(
            collector,
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=abc%20def"),
            ("OTEL_SERVICE_NAME", "our-office")
        );
        string id;

        using (var span = tracer.Source.StartActivity("work")!)
        {
            span.SetTag("chancery.attempts", 2);
            id = span.TraceId.ToHexString();
        }

        await tracer.StopAsync();
        var sent = Assert.Single(collector.Spans, one => one.TraceId == id);
        Assert.Equal("work", sent.Name);
        Assert.Equal("2", sent.Tags["chancery.attempts"]);
        Assert.Equal("our-office", sent.Service);
        Assert.All(collector.All, one => Assert.Equal("abc def", one.Headers["x-collector-key"]));
    }

    [Fact]
    public async Task Secrets_never_leave_wherever_on_a_span_they_stand()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(collector);
        const string seed = "s33d3ds3cr3t";
        string id;

        using (var span = tracer.Source.StartActivity("work", ActivityKind.Internal)!)
        {
            id = span.TraceId.ToHexString();
            span.SetTag("note", $"used sk-{seed}{seed}");
            span.SetTag("api_key", seed);
            span.SetTag("url.full", $"https://user:{seed}@example.com/invite/{seed}?q={seed}");
            span.SetTag("url.path", $"/invite/{seed}");
            span.SetTag("url.query", $"?q={seed}");
            span.SetTag("db.query.text", $"SELECT 1 -- password={seed}");
            span.SetTag("words", new[] { "fine", $"Bearer {seed}{seed}" });
            span.AddException(new InvalidOperationException($"postgres://app:{seed}@db/x"));
            span.SetStatus(ActivityStatusCode.Error, $"token={seed}");
        }

        using (var span = tracer.Source.StartActivity("by hand")!)
        {
            span.AddEvent(new ActivityEvent("said", tags: new() { ["text"] = $"password={seed}" }));
        }

        await tracer.StopAsync();
        var sent = Assert.Single(collector.Spans, one => one.TraceId == id);
        Assert.Equal("https://example.com", sent.Tags["url.full"]);
        Assert.Equal("***", sent.Tags["api_key"]);
        Assert.Equal("fine,Bearer ***", sent.Tags["words"]);
        Assert.Contains("postgres://***@db/x", Assert.Single(sent.Events), StringComparison.Ordinal);
        Assert.DoesNotContain(seed, collector.Text, StringComparison.Ordinal);
        // Where it cannot be taken out the span stays here.
        Assert.DoesNotContain(collector.Spans, one => one.Name == "by hand");
        Assert.True(tracer.Dropped > 0);
    }

    [Fact]
    public async Task A_failed_request_is_kept_whole_though_the_sampler_says_no_and_others_are_not()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(collector, ("OTEL_TRACES_SAMPLER", "always_off"));

        var fine = Request(tracer, _ => { });
        var failed = Request(tracer, child => child.SetStatus(ActivityStatusCode.Error));
        var fellBack = Request(tracer, child => child.SetTag(SpanNames.FallbackIndex, 1));
        var guarded = Request(tracer, child => child.SetTag(SpanNames.Keep, "guard"));

        await tracer.StopAsync();
        var byTrace = collector.Spans.ToLookup(span => span.TraceId, span => span.Name);
        Assert.Empty(byTrace[fine]);
        Assert.Equal(["child", "root"], byTrace[failed].Order());
        Assert.Equal(["child", "root"], byTrace[fellBack].Order());
        Assert.Equal(["child", "root"], byTrace[guarded].Order());
    }

    [Fact]
    public async Task Nothing_is_kept_against_the_sampler_where_that_is_not_wanted()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(
            collector,
            ("OTEL_TRACES_SAMPLER", "always_off"),
            ("TRACES_KEEP_ERRORS", "false")
        );

        using (var span = tracer.Source.StartActivity("root"))
        {
            span?.SetStatus(ActivityStatusCode.Error);
            Assert.NotEqual(true, span?.Recorded);
        }

        await tracer.StopAsync();
        Assert.Empty(collector.Spans);
    }

    [Fact]
    public async Task The_callers_decision_is_taken_over()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(
            collector,
            ("OTEL_TRACES_SAMPLER", "parentbased_always_off"),
            ("TRACES_KEEP_ERRORS", "false")
        );
        var caller = new ActivityContext(
            ActivityTraceId.CreateRandom(),
            ActivitySpanId.CreateRandom(),
            ActivityTraceFlags.Recorded,
            isRemote: true
        );

        using (tracer.Source.StartActivity("asked for", ActivityKind.Server, caller)) { }

        await tracer.StopAsync();
        var sent = Assert.Single(collector.Spans, span => span.TraceId == caller.TraceId.ToHexString());
        Assert.Equal(caller.SpanId.ToHexString(), sent.ParentId);
    }

    [Fact]
    public async Task A_call_that_belongs_to_no_request_is_no_trace()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(collector);

        using (var span = tracer.Source.StartActivity("SELECT", ActivityKind.Client))
        {
            Assert.NotEqual(true, span?.IsAllDataRequested);
        }

        await tracer.StopAsync();
        Assert.Empty(collector.Spans);
    }

    [Fact]
    public async Task A_repeated_request_says_which_repetition_it_is()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(collector);
        string id;

        using (var call = tracer.Source.StartActivity("call")!)
        {
            id = call.TraceId.ToHexString();
            using (tracer.Source.StartActivity("POST", ActivityKind.Client)) { }

            call.SetCustomProperty(SpanNames.Resent, 1);
            using (tracer.Source.StartActivity("POST", ActivityKind.Client)) { }
        }

        await tracer.StopAsync();
        var posts = collector.Spans.Where(span => span.TraceId == id && span.Name == "POST").ToList();
        Assert.Equal(2, posts.Count);
        Assert.Equal("1", Assert.Single(posts, post => post.Tags.Count > 0).Tags["http.request.resend_count"]);
    }

    [Fact]
    public async Task A_collector_that_hangs_costs_spans_and_no_time()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        collector.Answer = ScriptedCollector.Hang;
        await using var tracer = Traced(
            collector,
            ("OTEL_BSP_MAX_QUEUE_SIZE", "10"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
        );

        for (var i = 0; i < 1000; i++)
        {
            using var span = tracer.Source.StartActivity("work");
        }

        // All but the ten that wait and the ten on their way were given up at once, while the collector still hangs.
        Assert.InRange(tracer.Dropped, 900, 999);
        await ScriptedCollector.EventuallyAsync(() => tracer.Dropped >= 990 ? "" : null);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.Unauthorized)]
    public async Task What_a_collector_refuses_is_counted(HttpStatusCode status)
    {
        await using var collector = await ScriptedCollector.StartAsync();
        collector.Answer = context =>
        {
            context.Response.StatusCode = (int)status;
            return Task.CompletedTask;
        };
        await using var tracer = Traced(collector);

        using (tracer.Source.StartActivity("work")) { }

        await ScriptedCollector.EventuallyAsync(() => tracer.Dropped >= 1 ? "" : null);
    }

    [Fact]
    public async Task A_collector_that_comes_back_gets_what_was_tried_before()
    {
        await using var collector = await ScriptedCollector.StartAsync();
        collector.Answer = context =>
        {
            context.Response.StatusCode = collector.All.Count == 1 ? 503 : 200;
            return Task.CompletedTask;
        };
        await using var tracer = Traced(collector);

        using (tracer.Source.StartActivity("work")) { }

        await ScriptedCollector.EventuallyAsync(() => collector.All.Count >= 2 ? "" : null);
        Assert.Equal(0, tracer.Dropped);
    }

    [Fact]
    public async Task Langfuse_gets_calls_to_models_with_their_ids_and_nothing_else()
    {
        await using var langfuse = await ScriptedCollector.StartAsync();
        await using var tracer = new Tracer(
            ("LANGFUSE_HOST", langfuse.Address.ToString()),
            ("LANGFUSE_PUBLIC_KEY", "pk-lf-1"),
            ("LANGFUSE_SECRET_KEY", "sk-lf-2"),
            // Its share is its own.
            ("OTEL_TRACES_SAMPLER", "always_off")
        );
        string parent;

        using (var request = tracer.Source.StartActivity("POST /api/v1/chat", ActivityKind.Server)!)
        {
            parent = request.SpanId.ToHexString();
            request.SetTag(SpanNames.RequestId, "request-7");
            request.SetTag(SpanNames.User, "user-1");
            using (
                var call = tracer.Source.StartActivity(
                    "chat m",
                    ActivityKind.Client,
                    parentContext: default,
                    tags: [new(SpanNames.ModelOperation, "chat"), new(SpanNames.Conversation, "conversation-3")]
                )!
            )
            {
                call.SetTag("gen_ai.input.messages", "[\"my password: hunter2hunter2\"]");
            }

            using (tracer.Source.StartActivity("SELECT", ActivityKind.Client)) { }
        }

        await tracer.StopAsync();
        var received = Assert.Single(langfuse.All);
        Assert.Equal("/api/public/otel/v1/traces", received.Path);
        Assert.Equal("Basic " + Convert.ToBase64String("pk-lf-1:sk-lf-2"u8), received.Headers["Authorization"]);
        var sent = Assert.Single(langfuse.Spans);
        Assert.Equal(("chat m", parent), (sent.Name, sent.ParentId));
        Assert.Equal("request-7", sent.Tags["langfuse.trace.metadata.request_id"]);
        Assert.Equal("conversation-3", sent.Tags["langfuse.session.id"]);
        Assert.Equal("user-1", sent.Tags["langfuse.user.id"]);
        Assert.DoesNotContain("hunter2", langfuse.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Langfuse_that_hangs_keeps_nothing_from_the_collector()
    {
        await using var langfuse = await ScriptedCollector.StartAsync();
        langfuse.Answer = ScriptedCollector.Hang;
        await using var collector = await ScriptedCollector.StartAsync();
        await using var tracer = Traced(
            collector,
            ("LANGFUSE_HOST", langfuse.Address.ToString()),
            ("LANGFUSE_PUBLIC_KEY", "pk-lf-1"),
            ("LANGFUSE_SECRET_KEY", "sk-lf-2"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")
        );

        using (
            tracer.Source.StartActivity(
                "chat m",
                ActivityKind.Client,
                parentContext: default,
                tags: [new(SpanNames.ModelOperation, "chat")]
            )
        ) { }

        await ScriptedCollector.EventuallyAsync(() => langfuse.All.FirstOrDefault());
        using (tracer.Source.StartActivity("next")) { }

        await ScriptedCollector.EventuallyAsync(() => collector.Spans.FirstOrDefault(span => span.Name == "next"));
        Assert.Contains(collector.Spans, span => span.Name == "chat m");
        Assert.Equal(0, tracer.Dropped);
    }

    [Fact]
    public async Task A_collector_may_speak_gRPC()
    {
        await using var collector = await ScriptedCollector.StartAsync(grpc: true);
        collector.Answer = async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        };
        await using var tracer = Traced(collector, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"));
        string id;

        using (var span = tracer.Source.StartActivity("over gRPC")!)
        {
            id = span.TraceId.ToHexString();
        }

        await tracer.StopAsync();
        var received = Assert.Single(collector.All);
        Assert.Equal("/opentelemetry.proto.collector.trace.v1.TraceService/Export", received.Path);
        // A byte and a length stand before the message.
        Assert.Contains(OtlpSpan.Read(received.Body[5..]), span => span.TraceId == id && span.Name == "over gRPC");
        Assert.Equal(0, tracer.Dropped);
    }

    [Fact]
    public void Langfuse_gets_the_share_that_is_asked_for_and_whole_traces()
    {
        var traces = Enumerable.Range(0, 4000).Select(_ => ActivityTraceId.CreateRandom()).ToList();

        Assert.InRange(traces.Count(trace => LangfuseQueue.IsSampled(trace, 0.25)), 800, 1200);
        Assert.DoesNotContain(traces, trace => LangfuseQueue.IsSampled(trace, 0));
        Assert.All(traces, trace => Assert.True(LangfuseQueue.IsSampled(trace, 1)));
    }

    [Fact]
    public void Nobody_listens_where_nobody_is_named()
    {
        var settings = Tracer.Configuration();

        Assert.Null(OtlpSettings.Read(settings).Traces);
        Assert.Null(TracingSettings.Read(settings).Langfuse);
        Assert.Null(
            OtlpSettings
                .Read(Tracer.Configuration(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"), ("OTEL_SDK_DISABLED", "true")))
                .Traces
        );
    }

    [Theory]
    [InlineData("http://collector:4318", "http/protobuf", "http://collector:4318/v1/traces")]
    [InlineData("http://collector:4318/base/", "", "http://collector:4318/base/v1/traces")]
    [InlineData("http://collector:4317", "grpc", "http://collector:4317/")]
    public void The_common_address_gets_the_signals_path(string endpoint, string protocol, string traces)
    {
        var settings = OtlpSettings.Read(
            Tracer.Configuration(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol))
        );

        Assert.Equal(traces, settings.Traces?.AbsoluteUri);
    }

    [Fact]
    public void Settings_with_a_secret_in_them_do_not_print_it()
    {
        var settings = Tracer.Configuration(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "key=hidden-1"),
            ("LANGFUSE_PUBLIC_KEY", "pk"),
            ("LANGFUSE_SECRET_KEY", "hidden-2")
        );

        Assert.DoesNotContain(
            "hidden",
            $"{OtlpSettings.Read(settings)} {TracingSettings.Read(settings)}",
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:password@collector")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "no-value")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "0")]
    [InlineData("OTEL_TRACES_SAMPLER", "sometimes")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "1.5")]
    [InlineData("OTEL_BSP_MAX_QUEUE_SIZE", "many")]
    [InlineData("TRACES_KEEP_ERRORS", "perhaps")]
    [InlineData("LANGFUSE_HOST", "cloud")]
    [InlineData("LANGFUSE_SAMPLE_RATE", "2")]
    [InlineData("LANGFUSE_SECRET_KEY", "alone", "LANGFUSE_PUBLIC_KEY")]
    public void A_setting_that_cannot_be_used_is_named(string name, string value, string? named = null)
    {
        var settings = Tracer.Configuration((name, value));

        var refused = Assert.Throws<SettingException>(() =>
        {
            OtlpSettings.Read(settings);
            TracingSettings.Read(settings);
        });

        Assert.Equal(named ?? name, refused.Name);
    }

    private static Tracer Traced(ScriptedCollector collector, params (string Name, string Value)[] settings) =>
        new([("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()), .. settings]);

    private static string Request(Tracer tracer, Action<Activity> inside)
    {
        using var root = tracer.Source.StartActivity("root", ActivityKind.Server)!;
        using (var child = tracer.Source.StartActivity("child")!)
        {
            inside(child);
        }

        return root.TraceId.ToHexString();
    }
}
