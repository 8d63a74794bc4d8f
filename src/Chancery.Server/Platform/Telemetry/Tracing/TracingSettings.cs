using Chancery.Server.Platform.Settings;
using OpenTelemetry.Trace;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>Which spans are kept, and how many wait to be sent.</summary>
/// <param name="KeepsWhatMatters">Whether errors and fallbacks are kept though the sampler decided against them.</param>
/// <param name="MostWaiting">Spans that wait for one receiver; what comes on top is dropped.</param>
/// <param name="Batch">Spans in one call.</param>
/// <param name="Delay">How long a span waits for others.</param>
internal sealed record TracingSettings(
    Sampler Sampler,
    bool KeepsWhatMatters,
    int MostWaiting,
    int Batch,
    TimeSpan Delay,
    LangfuseSettings? Langfuse
)
{
    /// <exception cref="SettingException">A value cannot be used.</exception>
    public static TracingSettings Read(IConfiguration configuration)
    {
        var waiting = Numbers.Read(configuration, "OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, 1_000_000);
        return new(
            SamplerOf(configuration),
            Numbers.Flag(configuration, "TRACES_KEEP_ERRORS") ?? true,
            waiting,
            Math.Min(waiting, Numbers.Read(configuration, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, 100_000)),
            TimeSpan.FromMilliseconds(Numbers.Read(configuration, "OTEL_BSP_SCHEDULE_DELAY", 5000, 1, 600_000)),
            LangfuseSettings.Read(configuration)
        );
    }

    private static Sampler SamplerOf(IConfiguration configuration)
    {
        var share = Numbers.Share(configuration, "OTEL_TRACES_SAMPLER_ARG", 1);
        return configuration["OTEL_TRACES_SAMPLER"]?.Trim() switch
        {
            null or "" or "parentbased_always_on" => new ParentBasedSampler(new AlwaysOnSampler()),
            "always_on" => new AlwaysOnSampler(),
            "always_off" => new AlwaysOffSampler(),
            "traceidratio" => new TraceIdRatioBasedSampler(share),
            "parentbased_always_off" => new ParentBasedSampler(new AlwaysOffSampler()),
            "parentbased_traceidratio" => new ParentBasedSampler(new TraceIdRatioBasedSampler(share)),
            _ => throw new SettingException(
                "OTEL_TRACES_SAMPLER",
                "takes always_on, always_off, traceidratio, or one of them behind parentbased_."
            ),
        };
    }
}

/// <summary>A Langfuse that is told of calls to models.</summary>
/// <param name="SampleRate">The share of traces, 0 to 1.</param>
internal sealed record LangfuseSettings(Uri Address, string PublicKey, string SecretKey, double SampleRate)
{
    /// <summary>Null unless both keys are there: off is the default.</summary>
    /// <exception cref="SettingException">A value cannot be used, or one key is missing.</exception>
    public static LangfuseSettings? Read(IConfiguration configuration)
    {
        var publicKey = configuration["LANGFUSE_PUBLIC_KEY"]?.Trim() is { Length: > 0 } key ? key : null;
        var secretKey = SecretSetting.Read(configuration, "LANGFUSE_SECRET_KEY");
        var rate = Numbers.Share(configuration, "LANGFUSE_SAMPLE_RATE", 1);
        var host = configuration["LANGFUSE_HOST"]?.Trim() is { Length: > 0 } given
            ? given
            : "https://cloud.langfuse.com";
        if (
            !Uri.TryCreate(host.TrimEnd('/') + "/api/public/otel/v1/traces", UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
            || address.UserInfo.Length > 0
        )
        {
            throw new SettingException("LANGFUSE_HOST", "takes an address such as https://cloud.langfuse.com.");
        }

        return (publicKey, secretKey) switch
        {
            (null, null) => null,
            (null, _) => throw new SettingException("LANGFUSE_PUBLIC_KEY", "is missing beside LANGFUSE_SECRET_KEY."),
            (_, null) => throw new SettingException("LANGFUSE_SECRET_KEY", "is missing beside LANGFUSE_PUBLIC_KEY."),
            _ => new(address, publicKey, secretKey, rate),
        };
    }

    // Records print every property.
    public override string ToString() => $"Langfuse at {Address.Host}";
}
