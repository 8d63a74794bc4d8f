using System.Net.Mail;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Access.Mail;

/// <summary>How letters leave, read once at start.</summary>
/// <param name="Server"><c>SMTP_URL</c>: <c>smtp://user:password@mail.example.com:587</c>, or
/// <c>smtps://</c>; none: letters become files.</param>
/// <param name="From"><c>MAIL_FROM</c>: the sender's address; needed with a server.</param>
/// <param name="Directory"><c>MAIL_DIR</c>: where letters become files without a server; in the environment Local
/// <c>mail</c> in the data directory, else none.</param>
public sealed record MailSettings(Uri? Server, string From, string? Directory)
{
    /// <summary>Whether letters go anywhere.</summary>
    public bool IsPossible => Server is not null || Directory is not null;

    /// <exception cref="SettingException">A value cannot be understood.</exception>
    public static MailSettings Read(IConfiguration configuration, bool isLocal, string dataDirectory)
    {
        var server = SecretSetting.Read(configuration, "SMTP_URL") is { Length: > 0 } text
            ? Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.Scheme is "smtp" or "smtps"
            && url.Host.Length > 0
                ? url
                : throw new SettingException(
                    "SMTP_URL",
                    "it is an address such as smtp://user:password@mail.example.com:587."
                )
            : null;
        var from = configuration["MAIL_FROM"] ?? "";
        if (from.Length > 0 || server is not null)
        {
            _ = MailAddress.TryCreate(from, out _)
                ? true
                : throw new SettingException("MAIL_FROM", "it is the address that letters come from.");
        }

        var directory =
            server is not null ? null
            : configuration["MAIL_DIR"] is { Length: > 0 } given ? given
            : isLocal ? Path.Combine(dataDirectory, "mail")
            : null;
        return new MailSettings(server, from.Length > 0 ? from : "chancery@localhost", directory);
    }
}
