using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Audit;

/// <summary>The settings of this capability, read once at start.</summary>
/// <param name="RetentionDays"><c>AUDIT_RETENTION_DAYS</c>: days after which entries go, 30 at least; 0 keeps them. Default 400.</param>
/// <param name="HeadsWebhook"><c>AUDIT_HEADS_WEBHOOK</c>: where signed heads are sent to; null for nowhere.</param>
public sealed record AuditSettings(int RetentionDays, Uri? HeadsWebhook)
{
    private const int UsualDays = 400;

    /// <summary>Entries of so many days stay, whatever is set; <c>forget_audit_entries</c> holds to it, too.</summary>
    internal const int LeastDays = 30;

    private const int MostDays = 36_500;

    /// <exception cref="SettingException">A value cannot be understood.</exception>
    public static AuditSettings Read(IConfiguration configuration) =>
        new(ReadDays(configuration), ReadWebhook(configuration));

    private static int ReadDays(IConfiguration configuration) =>
        configuration["AUDIT_RETENTION_DAYS"] is not { Length: > 0 } text ? UsualDays
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days)
        && days is 0 or (>= LeastDays and <= MostDays)
            ? days
        : throw new SettingException(
            "AUDIT_RETENTION_DAYS",
            $"takes whole days from {LeastDays} to {MostDays}; 0 keeps everything."
        );

    private static Uri? ReadWebhook(IConfiguration configuration) =>
        SecretSetting.Read(configuration, "AUDIT_HEADS_WEBHOOK") is not { Length: > 0 } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
        : throw new SettingException("AUDIT_HEADS_WEBHOOK", "takes an http or https address.");
}
