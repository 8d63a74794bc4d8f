using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Inference.Routing;

/// <summary>How long is waited for models, how often they are asked again, and when one is left alone.</summary>
/// <param name="FirstContent">LLM_TIMEOUT: from sending a request to the first sign of an answer. Default 30 s.</param>
/// <param name="Idle">LLM_IDLE_TIMEOUT: between two events of a stream. Default LLM_TIMEOUT.</param>
/// <param name="Deadline">LLM_DEADLINE: for all attempts of a call together, to the answer's end. Default ten times LLM_TIMEOUT.</param>
/// <param name="Retries">LLM_RETRIES: how often one target is asked again after a passing fault. Default 1.</param>
/// <param name="LongestWait">LLM_LONGEST_WAIT: the most that is waited because a provider asked for it. Default 10 s.</param>
/// <param name="RetryShare">LLM_RETRY_BUDGET: retries as a share of calls, against storms. Default 0.1.</param>
/// <param name="Cooldown">LLM_COOLDOWN: how long a failing target, or a refused key, is left alone. Default 5 min.</param>
/// <param name="BreakerFailures">LLM_BREAKER_FAILURES: calls within 30 s, half of them failed, that open a breaker. Default 5.</param>
/// <param name="FailsFast">LLM_ALL_OPEN: <c>fail</c> when every target is left alone, or <c>try</c> the first all the same. Default try.</param>
/// <param name="HedgeAfter">LLM_HEDGE_AFTER: how long one target may show nothing before the next is asked beside it; zero for never, the default.</param>
public sealed record RoutingOptions(
    TimeSpan FirstContent,
    TimeSpan Idle,
    TimeSpan Deadline,
    int Retries,
    TimeSpan LongestWait,
    double RetryShare,
    TimeSpan Cooldown,
    int BreakerFailures,
    bool FailsFast,
    TimeSpan HedgeAfter
)
{
    /// <summary>What a breaker looks back on.</summary>
    public static readonly TimeSpan BreakerWindow = TimeSpan.FromSeconds(30);

    /// <exception cref="SettingException">A value is no number, or out of range.</exception>
    public static RoutingOptions Read(IConfiguration configuration)
    {
        var timeout = Number(configuration, "LLM_TIMEOUT", 30, 0.1, 3600);
        return new RoutingOptions(
            TimeSpan.FromSeconds(timeout),
            TimeSpan.FromSeconds(Number(configuration, "LLM_IDLE_TIMEOUT", timeout, 0.1, 3600)),
            TimeSpan.FromSeconds(Number(configuration, "LLM_DEADLINE", timeout * 10, 0.1, 36_000)),
            (int)Number(configuration, "LLM_RETRIES", 1, 0, 10),
            TimeSpan.FromSeconds(Number(configuration, "LLM_LONGEST_WAIT", 10, 0, 3600)),
            Number(configuration, "LLM_RETRY_BUDGET", 0.1, 0, 1),
            TimeSpan.FromSeconds(Number(configuration, "LLM_COOLDOWN", 300, 0.5, 86_400)),
            (int)Number(configuration, "LLM_BREAKER_FAILURES", 5, 2, 1000),
            configuration["LLM_ALL_OPEN"]?.Trim().ToUpperInvariant() switch
            {
                null or "" or "TRY" => false,
                "FAIL" => true,
                _ => throw new SettingException("LLM_ALL_OPEN", "takes try or fail"),
            },
            TimeSpan.FromSeconds(Number(configuration, "LLM_HEDGE_AFTER", 0, 0, 3600))
        );
    }

    private static double Number(IConfiguration configuration, string name, double fallback, double least, double most)
    {
        var text = configuration[name];
        if (string.IsNullOrWhiteSpace(text))
        {
            return fallback;
        }

        return
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
            ? value
            : throw new SettingException(
                name,
                string.Create(CultureInfo.InvariantCulture, $"must be a number from {least} to {most}")
            );
    }
}
