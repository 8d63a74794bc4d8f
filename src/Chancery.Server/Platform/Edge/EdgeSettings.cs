using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Edge;

/// <summary>Who may call from other origins, and how long stopping may take.</summary>
/// <param name="Origins">Origins whose pages may call the API; <c>*</c> alone means all, in Development only.</param>
/// <param name="ShutdownGrace">How long running requests may go on once the server was told to stop.</param>
public sealed record EdgeSettings(IReadOnlyList<string> Origins, TimeSpan ShutdownGrace)
{
    private const string AnyOrigin = "*";

    public bool AllowsAnyOrigin => Origins is [AnyOrigin];

    /// <summary>Reads ALLOW_ORIGINS, BACKEND_URL (one more origin) and SHUTDOWN_GRACE.</summary>
    /// <exception cref="SettingException">Not an origin, <c>*</c> outside Development, or not a number of seconds.</exception>
    public static EdgeSettings Read(IConfiguration configuration, IHostEnvironment environment)
    {
        var asked = string.Join(',', configuration["ALLOW_ORIGINS"], configuration["BACKEND_URL"])
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(Origin)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToList();

        if (asked.Contains(AnyOrigin) && (asked.Count > 1 || !environment.IsDevelopment()))
        {
            throw new SettingException("ALLOW_ORIGINS", "takes * only alone and in Development: name the origins.");
        }

        return new EdgeSettings(
            asked.Count == 0 && environment.IsDevelopment() ? [AnyOrigin] : asked,
            Grace(configuration["SHUTDOWN_GRACE"])
        );
    }

    private static string Origin(string value)
    {
        if (value == AnyOrigin)
        {
            return value;
        }

        return
            Uri.TryCreate(value, UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https"
            && address.PathAndQuery == "/"
            && address.UserInfo.Length == 0
            ? address.GetLeftPart(UriPartial.Authority)
            : throw new SettingException("ALLOW_ORIGINS", "takes origins such as https://example.com, with commas.");
    }

    private static TimeSpan Grace(string? value) =>
        string.IsNullOrWhiteSpace(value) ? TimeSpan.FromSeconds(15)
        : double.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
        : throw new SettingException("SHUTDOWN_GRACE", "takes seconds, 0 to 3600.");
}
