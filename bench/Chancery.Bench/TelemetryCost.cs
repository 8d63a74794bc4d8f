using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Telemetry.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Bench;

/// <summary>What does it cost a call to a model to be told of: while nobody listens, into figures, and into a span besides?</summary>
internal static class TelemetryCost
{
    private const int Rounds = 21;
    private const int Calls = 20_000;

    public static int Run()
    {
        Console.WriteLine(
            $"{Machine.Describe()}. Medians (least, most) of {Rounds} rounds of {Calls} calls, one thread.\n"
        );
        Console.WriteLine("| Who listens | A call, ns | Bytes | A part of a stream, ns | Bytes |");
        Console.WriteLine("|---|---|---|---|---|");
        Measure("nobody", figures: false, spans: false);
        Measure("`/metrics`", figures: true, spans: false);
        Measure("`/metrics`, and spans that are sampled", figures: true, spans: true);
        return 0;
    }

    private static void Measure(string who, bool figures, bool spans)
    {
        using var services = new ServiceCollection()
            .AddMetrics()
            .AddSingleton<MetricsCollector>()
            .BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var settings = GenAISettings.Read(new ConfigurationBuilder().Build());
        using var telemetry = new ModelCallTelemetry(settings, new InferenceMeter(meters), meters, TimeProvider.System);
        if (figures)
        {
            services.GetRequiredService<MetricsCollector>().Start();
        }

        using var listener = new ActivityListener
        {
            ShouldListenTo = source => spans && source.Name == GenAI.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);

        var start = new ModelCallStart(GenAI.Operations.Chat, "openai", "some-model")
        {
            Address = new("https://api.example.com"),
            MaxTokens = 500,
            Temperature = 0.2,
        };
        var end = new ModelCallEnd
        {
            InputTokens = 100,
            OutputTokens = 50,
            FinishReason = "stop",
            ResponseModel = "some-model-1",
        };
        var call = Of(() =>
        {
            for (var i = 0; i < Calls; i++)
            {
                using var scope = telemetry.Start(start);
                scope.Succeeded(end);
            }
        });
        var part = Of(() =>
        {
            using var scope = telemetry.Start(start with { Streamed = true });
            for (var i = 0; i < Calls; i++)
            {
                scope.Part();
            }
        });
        Console.WriteLine($"| {who} | {call.Time} | {call.Bytes} | {part.Time} | {part.Bytes} |");
    }

    private static (string Time, long Bytes) Of(Action round)
    {
        for (var i = 0; i < 5; i++)
        {
            round();
        }

        var nanoseconds = new List<double>();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
        {
            var began = Stopwatch.GetTimestamp();
            round();
            nanoseconds.Add(Stopwatch.GetElapsedTime(began).TotalNanoseconds / Calls);
        }

        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / ((long)Rounds * Calls);
        nanoseconds.Sort();
        return ($"{nanoseconds[Rounds / 2]:0} ({nanoseconds[0]:0}, {nanoseconds[^1]:0})", bytes);
    }
}
