using Chancery.Server.Access;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry;

namespace Chancery.Server.Inference.Caching;

/// <summary>When programs that speak OpenAI's or Anthropic's protocol are answered from the cache.</summary>
public enum GatewayCaching
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>When a request asks for it.</summary>
    Asked,

    /// <summary>Unless a request refuses it.</summary>
    On,
}

/// <summary>What the operator decides about the cache of answers.</summary>
/// <param name="IsOn">ANSWER_CACHE. Off, nothing is looked up and nothing is stored, in either level.</param>
/// <param name="TimeToLive">ANSWER_CACHE_TTL: of an answer in Redis. Every answer has an end.</param>
/// <param name="ProcessTimeToLive">ANSWER_CACHE_PROCESS_TTL: of an answer in this process; never longer than in Redis.</param>
/// <param name="ProcessBytes">ANSWER_CACHE_MB: what all answers in this process may take.</param>
/// <param name="Gateway">GATEWAY_CACHE.</param>
/// <param name="RedisMemoryShare">ANSWER_CACHE_REDIS_SHARE: beyond this share of Redis's memory nothing more is stored there.</param>
public sealed record AnswerCacheOptions(
    bool IsOn,
    TimeSpan TimeToLive,
    TimeSpan ProcessTimeToLive,
    long ProcessBytes,
    GatewayCaching Gateway,
    double RedisMemoryShare
)
{
    /// <summary>SEMANTIC_CACHE: whether a question in other words may be given one's own earlier answer.</summary>
    public bool IsSemantic { get; init; }

    /// <summary>SEMANTIC_CACHE_THRESHOLD: from which cosine on two questions may be the same; never below 0.95.</summary>
    public double SemanticThreshold { get; init; } = LeastThreshold;

    public const double LeastThreshold = 0.95;

    private const long Megabyte = 1024 * 1024;

    /// <exception cref="SettingException">A setting cannot be used.</exception>
    public static AnswerCacheOptions Read(IConfiguration configuration)
    {
        var whole = Duration(configuration, "ANSWER_CACHE_TTL", TimeSpan.FromHours(1));
        var process = Duration(configuration, "ANSWER_CACHE_PROCESS_TTL", TimeSpan.FromMinutes(5));
        return new AnswerCacheOptions(
            Numbers.Flag(configuration, "ANSWER_CACHE") ?? true,
            whole,
            process < whole ? process : whole,
            Numbers.Read(configuration, "ANSWER_CACHE_MB", 64, 1, 100_000) * Megabyte,
            configuration["GATEWAY_CACHE"]?.Trim().ToLowerInvariant() switch
            {
                null or "" or "asked" => GatewayCaching.Asked,
                "off" => GatewayCaching.Off,
                "on" => GatewayCaching.On,
                _ => throw new SettingException("GATEWAY_CACHE", "takes off, asked or on."),
            },
            Numbers.Share(configuration, "ANSWER_CACHE_REDIS_SHARE", 0.7)
        )
        {
            IsSemantic = Numbers.Flag(configuration, "SEMANTIC_CACHE") ?? false,
            SemanticThreshold = Numbers.Share(configuration, "SEMANTIC_CACHE_THRESHOLD", LeastThreshold)
                is >= LeastThreshold
                    and var least
                ? least
                : throw new SettingException("SEMANTIC_CACHE_THRESHOLD", "takes a cosine, 0.95 to 1."),
        };
    }

    private static TimeSpan Duration(IConfiguration configuration, string name, TimeSpan unset) =>
        configuration[name]?.Trim() is not { Length: > 0 } text
            ? unset
            : AccessSettings.ParseDuration(text)
                ?? throw new SettingException(name, "it is a duration such as 5m, 1h or a number of seconds.");
}
