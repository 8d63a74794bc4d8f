using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Ratings;
using Chancery.Server.Platform.Telemetry.Tracing;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>Scores of evaluations on their way to Langfuse.</summary>
[Collection("Spans")]
public sealed class ScoreExportTests(ScoreExportTests.Fixture chancery) : IClassFixture<ScoreExportTests.Fixture>
{
    private const string Path = "/api/public/ingestion";
    private const string Said = "The notice period is sixty days";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_scores_of_a_question_are_one_batch_of_the_trace_that_it_was_answered_and_judged_in()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync($"# Terms\n\n{Said}.", "terms.md");
        chancery.Scripts["of the told"] = _ => new ScriptedReply($"{Said} [1].");
        chancery.Verdicts["of the told"] = request => ScriptedJudge.Verdict(request, Said, 4);
        var dataset = await olga.DatasetAsync(
            new { question = "The notice period, first of the told?", expected_answers = new[] { "sixty days" } },
            new { question = "The notice period, second of the told?", expected_answers = new[] { "ninety days" } }
        );

        var run = await olga.RunAsync(new { dataset, judging = new { criteria = new[] { "relevance" } } });
        var quoted = await olga.RunAsync(new { dataset, target = new { kind = "answer", model = "extractive" } });

        var batches = await ScriptedCollector.EventuallyAsync(() =>
            Batches(chancery.Collector) is { Length: >= 2 } found ? found : null
        );
        await ScriptedCollector.EventuallyAsync(() =>
            batches.All(batch => chancery.Collector.Spans.Count(span => span.TraceId == TraceOf(batch)) >= 2)
                ? ""
                : null
        );
        Assert.Equal(2, batches.Select(TraceOf).Distinct().Count());
        var contains = batches.Select(batch => batch.Single(score => score.Text("name") == "contains_answer"));
        Assert.Equal([1, 0], contains.Select(score => score.GetProperty("value").GetDouble()));
        Assert.All(
            batches,
            batch =>
                Assert.Equal(
                    0.75,
                    batch.Single(score => score.Text("name") == "judge_relevance").GetProperty("value").GetDouble()
                )
        );
        Assert.All(
            batches.SelectMany(batch => batch),
            score =>
            {
                Assert.Equal("NUMERIC", score.Text("dataType"));
                Assert.Equal(run.Id(), score.GetProperty("metadata").GetProperty("eval_run").GetGuid());
                Assert.Equal(dataset, score.GetProperty("metadata").GetProperty("eval_dataset").GetGuid());
            }
        );
        // What is not applicable is not told, and neither is what no model answered.
        Assert.DoesNotContain(batches.SelectMany(batch => batch), score => score.Text("name") == "citation_recall");
        Assert.DoesNotContain(quoted.Id().ToString(), chancery.Collector.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("sixty days", chancery.Collector.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_is_sent_again_has_the_same_ids_and_one_that_is_refused_in_part_is_counted()
    {
        await using var langfuse = await ScriptedCollector.StartAsync();
        var failures = 1;
        langfuse.Answer = async context =>
        {
            if (Interlocked.Decrement(ref failures) >= 0)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            context.Response.StatusCode = StatusCodes.Status207MultiStatus;
            await context.Response.WriteAsync(
                failures == -1
                    ? """{"successes":[{"id":"a","status":201}],"errors":[]}"""
                    : """{"successes":[],"errors":[{"id":"a","status":400}]}"""
            );
        };
        await using var sending = new Sending(langfuse);
        var export = sending.Export;
        await export.StartAsync(Cancel);
        var scores = SomeScores(("support", 1), ("token_f1", 0.25));

        export.Tell(scores with { Values = new Dictionary<string, double>() });
        export.Tell(scores with { Trace = "" });
        export.Tell(scores);
        await ScriptedCollector.EventuallyAsync(() => langfuse.All.Count == 2 ? "" : null);
        var bodies = langfuse.All.Select(one => Encoding.UTF8.GetString(one.Body)).ToArray();
        export.Tell(scores);
        await ScriptedCollector.EventuallyAsync(() => sending.Dropped == 1 ? "" : null);
        await export.StopAsync(Cancel);

        Assert.Equal(bodies[0], bodies[1]);
        Assert.Equal(3, langfuse.All.Count);
        Assert.All(langfuse.All, one => Assert.Equal(Path, one.Path));
        Assert.All(
            langfuse.All,
            one => Assert.Equal("Basic " + Convert.ToBase64String("pk-lf-1:sk-lf-2"u8), one.Headers["Authorization"])
        );
        var ids = Batches(langfuse)[0].Select(score => score.Text("id")).ToArray();
        Assert.Equal(
            [$"{scores.Run:n}-{scores.Question:n}-support", $"{scores.Run:n}-{scores.Question:n}-token_f1"],
            ids
        );
    }

    [Fact]
    public async Task What_cannot_be_said_is_counted_and_what_comes_after_it_goes_out()
    {
        await using var langfuse = await ScriptedCollector.StartAsync();
        await using var sending = new Sending(langfuse);
        await sending.Export.StartAsync(Cancel);

        sending.Export.Tell(SomeScores(("support", double.NaN)));
        sending.Export.Tell(SomeScores(("support", 0.5)));
        await ScriptedCollector.EventuallyAsync(() => langfuse.All.Count == 1 ? "" : null);
        await sending.Export.StopAsync(Cancel);

        Assert.Equal(0.5, Batches(langfuse)[0].Single().GetProperty("value").GetDouble());
        Assert.Equal(1, sending.Dropped);
        Assert.True(sending.Export.ExecuteTask!.IsCompletedSuccessfully);
    }

    private static QuestionScores SomeScores(params (string Name, double Value)[] values) =>
        new(
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            ActivityTraceId.CreateRandom().ToHexString(),
            values.ToDictionary(value => value.Name, value => value.Value),
            TimeProvider.System.GetUtcNow()
        );

    private static string TraceOf(JsonElement[] batch) =>
        Assert.Single(batch.Select(score => score.Text("traceId")).Distinct());

    private static JsonElement[][] Batches(ScriptedCollector langfuse) =>
        [
            .. langfuse
                .All.Where(one => one.Path == Path)
                .Select(one =>
                    JsonSerializer
                        .Deserialize<JsonElement>(one.Body)
                        .GetProperty("batch")
                        .EnumerateArray()
                        .Select(entry => entry.GetProperty("body"))
                        .ToArray()
                ),
        ];

    /// <summary>An export on its own, and what it drops.</summary>
    private sealed class Sending : IAsyncDisposable
    {
        private readonly OperatorHttp _http = new();
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly MeterListener _listener = new();
        private long _dropped;

        public Sending(ScriptedCollector langfuse)
        {
            var meters = _services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, heard) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    heard.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _dropped, value));
            _listener.Start();
            Export = new ScoreExport(
                TracingSettings.Read(
                    Tracer.Configuration(
                        ("LANGFUSE_HOST", langfuse.Address.ToString()),
                        ("LANGFUSE_PUBLIC_KEY", "pk-lf-1"),
                        ("LANGFUSE_SECRET_KEY", "sk-lf-2")
                    )
                ),
                _http,
                new DroppedTelemetry(meters),
                TimeProvider.System
            );
        }

        public ScoreExport Export { get; }

        public long Dropped => Interlocked.Read(ref _dropped);

        public async ValueTask DisposeAsync()
        {
            Export.Dispose();
            _listener.Dispose();
            _http.Dispose();
            await _services.DisposeAsync();
        }
    }

    public sealed class Fixture : EvaluationFixture
    {
        internal ScriptedCollector Collector { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            Collector = await ScriptedCollector.StartAsync();
            Settings["LANGFUSE_HOST"] = Collector.Address.ToString();
            Settings["LANGFUSE_PUBLIC_KEY"] = "pk-lf-1";
            Settings["LANGFUSE_SECRET_KEY"] = "sk-lf-2";
            Settings["OTEL_BSP_SCHEDULE_DELAY"] = "100";
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
