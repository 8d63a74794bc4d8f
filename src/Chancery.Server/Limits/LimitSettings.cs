using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Limits;

/// <summary>The settings of this capability, read once at start.</summary>
/// <param name="IsOn"><c>RATE_LIMIT_ENABLED</c>: whether requests are counted. Quotas and budgets hold all the same.</param>
/// <param name="Requests"><c>RATE_LIMIT_REQUESTS</c>: of a caller on plan FREE, and of an address without a credential, in a window;
/// default 100.</param>
/// <param name="Window"><c>RATE_LIMIT_WINDOW</c>: its length in seconds, default 60.</param>
public sealed record LimitSettings(bool IsOn, int Requests, TimeSpan Window)
{
    private const int MostSeconds = 86_400;

    /// <exception cref="SettingException">A value cannot be understood.</exception>
    public static LimitSettings Read(IConfiguration configuration)
    {
        var isOn = configuration["RATE_LIMIT_ENABLED"]?.Trim().ToLowerInvariant() switch
        {
            null or "" or "true" => true,
            "false" => false,
            _ => throw new SettingException("RATE_LIMIT_ENABLED", "it is true or false."),
        };
        return new LimitSettings(
            isOn,
            Number(configuration, "RATE_LIMIT_REQUESTS", 100, 1_000_000_000),
            TimeSpan.FromSeconds(Number(configuration, "RATE_LIMIT_WINDOW", 60, MostSeconds))
        );
    }

    private static int Number(IConfiguration configuration, string name, int fallback, int most) =>
        configuration[name]?.Trim() is not { Length: > 0 } text ? fallback
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= 1
        && number <= most
            ? number
        : throw new SettingException(name, $"it is a number from 1 to {most}.");
}
