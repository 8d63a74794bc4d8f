using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Chancery.Server.Inference.Telemetry;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>The whole server with somebody who takes what it tells.</summary>
[Collection("Spans")]
public sealed class TracedServerTests(TracedServerTests.Fixture chancery) : IClassFixture<TracedServerTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_one_trace_from_the_callers_id_to_the_database()
    {
        var user = await chancery.SignUpAsync();
        var trace = ActivityTraceId.CreateRandom().ToHexString();

        using var response = await SendAsync(user, "/api/v1/docs?q=unspeakable-question", trace);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var server = await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.FirstOrDefault(span => span.TraceId == trace && span.Kind == 2)
        );
        Assert.Equal("00f067aa0ba902b7", server.ParentId);
        Assert.Equal("GET", server.Tags["http.request.method"]);
        Assert.Equal("200", server.Tags["http.response.status_code"]);
        Assert.Equal($"GET {server.Tags["http.route"]}", server.Name);
        Assert.Equal(user.TenantId.ToString(), server.Tags["chancery.tenant.id"]);
        Assert.Equal(user.UserId.ToString(), server.Tags["chancery.user.id"]);
        Assert.Equal("request-of-the-test", server.Tags["chancery.request.id"]);
        Assert.DoesNotContain("url.path", server.Tags.Keys);
        var below = await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.FirstOrDefault(span => span.TraceId == trace && span.Kind == 3)
        );
        Assert.Equal(server.SpanId, below.ParentId);
        Assert.DoesNotContain("unspeakable-question", chancery.Collector.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(user.AccessToken, chancery.Collector.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(user.Email, chancery.Collector.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_named_as_a_key()
    {
        var user = await chancery.SignUpAsync();
        var (id, key) = await KeyAsync(user);
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");

        using var response = await client.GetAsync("/api/v1/docs", Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var server = await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.FirstOrDefault(span => span.TraceId == trace && span.Kind == 2)
        );
        Assert.Equal(id, server.Tags["chancery.key.id"]);
        Assert.DoesNotContain("chancery.user.id", server.Tags.Keys);
        Assert.DoesNotContain(key, chancery.Collector.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_go_on_while_the_collector_hangs_or_is_gone()
    {
        await using var hanging = await ScriptedCollector.StartAsync();
        hanging.Answer = ScriptedCollector.Hang;
        chancery.Settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = hanging.Address.ToString();
        chancery.Settings["OTEL_BSP_MAX_QUEUE_SIZE"] = "5";
        chancery.Settings["OTEL_EXPORTER_OTLP_TIMEOUT"] = "500";
        var address = await chancery.StartReplicaAsync();
        using var client = ChanceryFixture.Client(address);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fixture.Token);
        // Of a caller that is traced: the spans of this process's own client are not kept.
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");

        for (var i = 0; i < 50; i++)
        {
            using var response = await client.GetAsync("/api", Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        var metrics = await client.GetStringAsync("/metrics", Cancel);
        Assert.Matches("chancery_telemetry_dropped_total\\{reason=\"queue_full\",sink=\"otlp\"\\} [1-9]", metrics);
    }

    [Fact]
    public async Task What_Prometheus_reads_is_as_Prometheus_wants_it()
    {
        var user = await chancery.SignUpAsync();
        using (await SendAsync(user, "/api/v1/docs", ActivityTraceId.CreateRandom().ToHexString())) { }

        CallModel();

        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fixture.Token);
        var text = await client.GetStringAsync("/metrics", Cancel);

        foreach (
            var name in new[]
            {
                "http_requests_total{",
                "http_server_request_duration_seconds_bucket{",
                "redis_requests_total{",
                "gen_ai_client_token_usage_bucket{",
                "gen_ai_client_operation_duration_seconds_bucket{",
                "gen_ai_client_operation_time_to_first_chunk_seconds_bucket{",
                "gen_ai_client_operation_time_per_output_chunk_seconds_bucket{",
                "chancery_overhead_seconds_bucket{",
                "chancery_in_flight_requests ",
                "chancery_queue_wait_seconds_bucket{",
                "chancery_fallback_total{from=\"a\",reason=\"rate\",to=\"b\"} 1",
                "chancery_budget_rejections_total{",
                "chancery_usage_estimated_total{",
                "chancery_stream_truncated_total{",
                "chancery_cache_requests_total{level=\"process\",outcome=\"hit\"} 1",
            }
        )
        {
            Assert.Contains('\n' + name, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(user.TenantId.ToString(), text, StringComparison.Ordinal);
        await CheckAsync(text);
    }

    [Fact]
    public async Task The_collector_gets_the_figures_too()
    {
        using var client = chancery.Anonymous();
        using (await client.GetAsync("/api", Cancel)) { }

        await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Text.Contains("http_requests_total", StringComparison.Ordinal) ? "" : null
        );
    }

    private void CallModel()
    {
        var calls = chancery.Services.GetRequiredService<ModelCallTelemetry>();
        var meter = chancery.Services.GetRequiredService<InferenceMeter>();
        var start = new ModelCallStart(GenAI.Operations.Chat, "openai", "m") { Streamed = true };
        using (var scope = calls.Start(start))
        {
            scope.FirstPart();
            scope.Part();
            scope.Succeeded(new ModelCallEnd { InputTokens = 3, OutputTokens = 4 });
        }

        using (var scope = calls.Start(start))
        {
            scope.Succeeded(
                new ModelCallEnd
                {
                    InputTokens = 3,
                    OutputTokens = 4,
                    Estimated = true,
                }
            );
        }

        using (meter.Began())
        {
            meter.Overhead(TimeSpan.FromMicroseconds(90), GenAI.Operations.Chat);
            meter.QueueWait(TimeSpan.Zero);
            meter.FellBack("a", "b", "rate");
            meter.BudgetRejected("tenant", "month");
            meter.StreamTruncated("openai", "m");
            meter.CacheAsked("process", "hit");
        }
    }

    private static async Task<(string Id, string Key)> KeyAsync(TestUser user)
    {
        using var response = await user.Http.PostAsync(
            "/api/v1/keys",
            new StringContent(
                """{"name":"for traces","role":"viewer"}""",
                new MediaTypeHeaderValue("application/json")
            ),
            Cancel
        );
        var body = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement;
        Assert.True(response.IsSuccessStatusCode, body.GetRawText());
        return (body.GetProperty("id").GetString()!, body.GetProperty("key").GetString()!);
    }

    private static async Task<HttpResponseMessage> SendAsync(TestUser user, string address, string trace)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        request.Headers.Add("X-Request-Id", "request-of-the-test");
        return await user.Http.SendAsync(request, Cancel);
    }

    private static async Task CheckAsync(string text)
    {
        var start = new ProcessStartInfo("promtool", "check metrics")
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Process promtool;
        try
        {
            promtool = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("promtool is not on this machine: Debian's package prometheus brings it.");
            return;
        }

        using (promtool)
        {
            await promtool.StandardInput.WriteAsync(text);
            promtool.StandardInput.Close();
            var complaints =
                await promtool.StandardOutput.ReadToEndAsync(Cancel)
                + await promtool.StandardError.ReadToEndAsync(Cancel);
            await promtool.WaitForExitAsync(Cancel);
            Assert.True(promtool.ExitCode == 0, complaints);
        }
    }

    public sealed class Fixture : ChanceryFixture
    {
        public const string Token = "operator-token-of-the-tests";

        internal ScriptedCollector Collector { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            Collector = await ScriptedCollector.StartAsync();
            Settings["OPERATOR_TOKEN"] = Token;
            Settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = Collector.Address.ToString();
            Settings["OTEL_BSP_SCHEDULE_DELAY"] = "20";
            Settings["OTEL_METRIC_EXPORT_INTERVAL"] = "200";
            ConfigureServices = services =>
            {
                if (services.All(service => service.ServiceType != typeof(ModelCallTelemetry)))
                {
                    services.AddModelCallTelemetry(new ConfigurationBuilder().Build());
                }
            };
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Collector.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
