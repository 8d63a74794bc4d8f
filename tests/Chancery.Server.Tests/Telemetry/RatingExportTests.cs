using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Ratings;
using Chancery.Server.Platform.Telemetry.Tracing;
using Chancery.Server.Tests.Knowledge;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>Thumbs on their way to Langfuse.</summary>
public sealed class RatingExportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Thumbs_are_scores_of_the_trace_without_personal_data_and_are_taken_back()
    {
        await using var langfuse = await ScriptedCollector.StartAsync();
        await using var sending = await Sending.StartAsync(langfuse);
        var (id, trace) = (Guid.CreateVersion7(), ActivityTraceId.CreateRandom().ToHexString());

        sending.Export.Tell(id, trace, isGood: false, "Wrong, ask ada@example.com");
        sending.Export.Tell(id, trace, isGood: null, null);
        // Of what nobody knows the trace of, nothing is told.
        sending.Export.Tell(Guid.CreateVersion7(), "", isGood: true, null);
        sending.Export.Tell(Guid.CreateVersion7(), null, isGood: true, null);

        var taken = await ScriptedCollector.EventuallyAsync(() => langfuse.All.ElementAtOrDefault(1));
        var told = langfuse.All.First();
        var score = JsonSerializer.Deserialize<JsonElement>(told.Body);
        Assert.Equal("/api/public/scores", told.Path);
        Assert.Equal("Basic " + Convert.ToBase64String("pk-lf-1:sk-lf-2"u8), told.Headers["Authorization"]);
        Assert.Equal((id.ToString(), trace), (score.Text("id"), score.Text("traceId")));
        Assert.Equal(("user_feedback", 0), (score.Text("name"), score.GetProperty("value").GetInt32()));
        Assert.Equal("Wrong, ask [EMAIL_1]", score.Text("comment"));
        Assert.Equal($"/api/public/scores/{id}", taken.Path);
        Assert.Equal(2, langfuse.All.Count);
    }

    [Fact]
    public async Task A_Langfuse_that_fails_is_asked_again_and_one_that_refuses_is_not()
    {
        await using var langfuse = await ScriptedCollector.StartAsync();
        var failures = 1;
        langfuse.Answer = context =>
        {
            context.Response.StatusCode = Interlocked.Decrement(ref failures) >= 0 ? 503 : 200;
            return Task.CompletedTask;
        };
        await using var sending = await Sending.StartAsync(langfuse);
        var trace = ActivityTraceId.CreateRandom().ToHexString();

        sending.Export.Tell(Guid.CreateVersion7(), trace, isGood: true, null);
        await ScriptedCollector.EventuallyAsync(() => langfuse.All.Count >= 2 ? "" : null);
        Assert.Equal(0, sending.Dropped);

        langfuse.Answer = context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        };
        sending.Export.Tell(Guid.CreateVersion7(), trace, isGood: true, null);
        await ScriptedCollector.EventuallyAsync(() => sending.Dropped == 1 ? "" : null);

        Assert.Equal(3, langfuse.All.Count);
    }

    private sealed class Sending : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly OperatorHttp _http = new();
        private readonly MeterListener _listener = new();
        private long _dropped;

        private Sending(ScriptedCollector langfuse)
        {
            var meters = _services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _dropped, value));
            var dropped = new DroppedTelemetry(meters);
            _listener.Start();
            Export = new(
                TracingSettings.Read(
                    Tracer.Configuration(
                        ("LANGFUSE_HOST", langfuse.Address.ToString()),
                        ("LANGFUSE_PUBLIC_KEY", "pk-lf-1"),
                        ("LANGFUSE_SECRET_KEY", "sk-lf-2")
                    )
                ),
                _http,
                dropped,
                TimeProvider.System
            );
        }

        public RatingExport Export { get; }

        public long Dropped => Interlocked.Read(ref _dropped);

        public static async Task<Sending> StartAsync(ScriptedCollector langfuse)
        {
            var sending = new Sending(langfuse);
            await sending.Export.StartAsync(Cancel);
            return sending;
        }

        public async ValueTask DisposeAsync()
        {
            await Export.StopAsync(CancellationToken.None);
            Export.Dispose();
            _listener.Dispose();
            _http.Dispose();
            await _services.DisposeAsync();
        }
    }
}
