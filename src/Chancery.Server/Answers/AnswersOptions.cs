using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Answers;

/// <summary>What the operator decides about answers.</summary>
/// <param name="ShutdownGrace">SHUTDOWN_GRACE: what running answers get to finish when the server stops. Default 10 s.</param>
/// <param name="Retention">RETENTION_DAYS: how long an untouched conversation stays; null (0 days) keeps it. Default 30.</param>
/// <param name="PingInterval">How long a stream may be silent before a <c>ping</c>.</param>
public sealed record AnswersOptions(TimeSpan ShutdownGrace, TimeSpan? Retention, TimeSpan PingInterval)
{
    /// <summary>The most passages that a question is answered from.</summary>
    public const int PassageLimit = 10;

    /// <exception cref="SettingException">A value is no number, or out of range.</exception>
    public static AnswersOptions Read(IConfiguration configuration)
    {
        var days = Number(configuration, "RETENTION_DAYS", 30, 0, 36_500);
        return new AnswersOptions(
            TimeSpan.FromSeconds(Number(configuration, "SHUTDOWN_GRACE", 10, 0, 300)),
            days == 0 ? null : TimeSpan.FromDays(days),
            TimeSpan.FromSeconds(Number(configuration, "PING_INTERVAL", 15, 0.05, 300))
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
