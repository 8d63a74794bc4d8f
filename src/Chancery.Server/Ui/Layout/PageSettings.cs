using System.Globalization;

namespace Chancery.Server.Ui.Layout;

/// <summary>What pages need to know about this installation.</summary>
public sealed class PageSettings(IConfiguration configuration, IHostEnvironment environment)
{
    private const long DefaultMaxUploadBytes = 10_000_000;

    /// <summary>Larger files are refused in the browser already; the server has the last word.</summary>
    public long MaxUploadBytes { get; } =
        long.TryParse(configuration["MAX_UPLOAD_BYTES"], CultureInfo.InvariantCulture, out var bytes) && bytes > 0
            ? bytes
            : DefaultMaxUploadBytes;

    /// <summary>Whether a stranger may make an organisation of their own.</summary>
    public bool SignUpIsOpen { get; } =
        configuration["SIGNUP"]?.Trim().ToLowerInvariant() switch
        {
            null or "" => environment.IsEnvironment("Local"),
            var given => given == "open",
        };
}
