using System.Globalization;

namespace Chancery.Server.Platform.Settings;

/// <summary>How the server uses Redis, whosever it is.</summary>
/// <param name="Timeout">REDIS_TIMEOUT: how long an answer may take before Redis counts as gone. Default 2 s.</param>
/// <param name="MaxConnections">REDIS_MAX_CONNECTIONS: the most connections of one server. Default 2.</param>
public sealed record RedisTuning(TimeSpan Timeout, int MaxConnections)
{
    /// <summary>A client has one connection for what is asked and one for notices.</summary>
    public const int ConnectionsOfClient = 2;

    public const int MostConnections = 64;

    public static RedisTuning Default { get; } = new(TimeSpan.FromSeconds(2), ConnectionsOfClient);

    /// <exception cref="SettingException">A value is no number, or out of range.</exception>
    public static RedisTuning Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new RedisTuning(
            TimeSpan.FromSeconds(
                Number(configuration, "REDIS_TIMEOUT", Default.Timeout.TotalSeconds, 0.1, 60, "seconds, 0.1 to 60")
            ),
            (int)Number(
                configuration,
                "REDIS_MAX_CONNECTIONS",
                Default.MaxConnections,
                ConnectionsOfClient,
                MostConnections,
                "a number of connections, 2 to 64"
            )
        );
    }

    private static double Number(
        IConfiguration configuration,
        string name,
        double fallback,
        double least,
        double most,
        string range
    )
    {
        var text = configuration[name];
        return string.IsNullOrWhiteSpace(text) ? fallback
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
                ? value
            : throw new SettingException(name, $"takes {range}");
    }
}
