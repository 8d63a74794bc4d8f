using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Limits.Alerts;

/// <param name="Webhook"><c>LIMIT_ALERTS_WEBHOOK</c>: where the operator is told of every organisation's alerts; null for nowhere.</param>
internal sealed record AlertSettings(Uri? Webhook)
{
    /// <exception cref="SettingException">It is no address.</exception>
    public static AlertSettings Read(IConfiguration configuration) =>
        configuration["LIMIT_ALERTS_WEBHOOK"]?.Trim() is not { Length: > 0 } text ? new AlertSettings(Webhook: null)
        : Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? new AlertSettings(address)
        : throw new SettingException("LIMIT_ALERTS_WEBHOOK", "it is an address that begins with http:// or https://.");
}
