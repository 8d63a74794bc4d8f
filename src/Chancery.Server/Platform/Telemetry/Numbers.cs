using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>Numbers and flags of settings, with the range in the refusal.</summary>
internal static class Numbers
{
    public static int Read(IConfiguration configuration, string name, int unset, int least, int most) =>
        configuration[name]?.Trim() is not { Length: > 0 } text ? unset
        : int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new SettingException(name, $"takes a whole number, {least} to {most}.");

    /// <summary>A share, 0 to 1.</summary>
    public static double Share(IConfiguration configuration, string name, double unset) =>
        configuration[name]?.Trim() is not { Length: > 0 } text ? unset
        : double.TryParse(text, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share
        : throw new SettingException(name, "takes a share, 0 to 1.");

    public static bool? Flag(IConfiguration configuration, string name) =>
        configuration[name]?.Trim().ToUpperInvariant() switch
        {
            null or "" => null,
            "1" or "TRUE" or "YES" or "ON" => true,
            "0" or "FALSE" or "NO" or "OFF" => false,
            _ => throw new SettingException(name, "takes true or false."),
        };
}
