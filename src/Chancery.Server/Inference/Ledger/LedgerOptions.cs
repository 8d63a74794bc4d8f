using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Inference.Ledger;

/// <summary>How money is written down.</summary>
/// <param name="IsSync">PostgreSQL has each reservation before the call is made, not only the journal.</param>
/// <param name="Grace">How long calls go on while PostgreSQL takes nothing.</param>
internal sealed record LedgerOptions(bool IsSync, TimeSpan Grace)
{
    private const int MostGraceSeconds = 3600;

    /// <exception cref="SettingException">A setting cannot be used.</exception>
    public static LedgerOptions Read(IConfiguration configuration)
    {
        var isSync = configuration["LEDGER_MODE"]?.Trim() switch
        {
            null or "" or "journal" => false,
            "sync" => true,
            _ => throw new SettingException("LEDGER_MODE", "takes journal or sync."),
        };
        return new LedgerOptions(isSync, TimeSpan.FromSeconds(GraceSeconds(configuration["LEDGER_GRACE"]?.Trim())));
    }

    private static int GraceSeconds(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return 60;
        }

        return
            int.TryParse(text.TrimEnd('s'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= MostGraceSeconds
            ? seconds
            : throw new SettingException("LEDGER_GRACE", $"takes whole seconds, 0 to {MostGraceSeconds}.");
    }
}
