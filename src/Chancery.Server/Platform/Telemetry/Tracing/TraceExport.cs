using System.Diagnostics;
using System.Text;
using Chancery.Server.Platform.Http;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>Sends spans to where the operator wants them; does nothing at all where there is no such place.</summary>
internal sealed class TraceExport(
    OtlpSettings otlp,
    TracingSettings settings,
    OperatorHttp http,
    DroppedTelemetry dropped,
    TimeProvider time
) : IHostedService, IDisposable
{
    private const int StopMilliseconds = 3000;
    private TracerProvider? _provider;
    private ActivityListener? _exceptions;

    /// <summary>Whose spans are sent; a name that ends in <c>*</c> stands for all that begin so.</summary>
    public IReadOnlyList<string> Sources { get; init; } =
    ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Chancery.*"];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (otlp.Traces is null && settings.Langfuse is null)
        {
            return Task.CompletedTask;
        }

        // Exceptions get onto spans by those who throw them, and could not be masked afterwards.
        _exceptions = new ActivityListener
        {
            ShouldListenTo = source => IsWanted(source.Name),
            ExceptionRecorder = (Activity _, Exception exception, ref TagList tags) =>
            {
                tags.Add("exception.message", SecretMask.Of(exception.Message));
                tags.Add("exception.stacktrace", SecretMask.Of(exception.ToString()));
            },
        };
        ActivitySource.AddActivityListener(_exceptions);
        _provider = Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // Blocks for three seconds at most: what could not be told by then is given up.
        return Task.Run(() => _provider?.Shutdown(StopMilliseconds), CancellationToken.None);
    }

    public void Dispose()
    {
        _exceptions?.Dispose();
        _provider?.Dispose();
    }

    private bool IsWanted(string source) =>
        Sources.Any(name =>
            name.EndsWith('*') ? source.StartsWith(name[..^1], StringComparison.Ordinal) : source == name
        );

    private TracerProvider Build()
    {
        var tail = new TailProcessor(settings.KeepsWhatMatters && otlp.Traces is not null, dropped, time);
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(otlp.Describe)
            .AddSource([.. Sources])
            .SetSampler(
                new KeepingSampler(
                    settings.Sampler,
                    settings.KeepsWhatMatters && otlp.Traces is not null,
                    settings.Langfuse is not null
                )
            )
            .AddProcessor(tail);
        // Before the other, so that what it adds is there when the other reads.
        if (settings.Langfuse is { } langfuse)
        {
            builder.AddProcessor(ToLangfuse(langfuse));
        }

        if (otlp.Traces is { } address)
        {
            var queue = new SpanQueue("otlp", new OtlpTraceExporter(otlp.Options(address, http)), settings, dropped);
            tail.Next = queue;
            builder.AddProcessor(queue);
        }

        return builder.Build();
    }

    private LangfuseQueue ToLangfuse(LangfuseSettings langfuse)
    {
        var credential = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{langfuse.PublicKey}:{langfuse.SecretKey}"));
        var options = otlp.Options(
            langfuse.Address,
            // Percent-encoded, as values of these headers are.
            $"Authorization=Basic%20{Uri.EscapeDataString(credential)}",
            OtlpExportProtocol.HttpProtobuf,
            http
        );
        return new LangfuseQueue(langfuse, new OtlpTraceExporter(options), settings, dropped);
    }
}
