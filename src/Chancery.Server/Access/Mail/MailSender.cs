namespace Chancery.Server.Access.Mail;

/// <summary>The way by which letters leave.</summary>
internal static class MailSender
{
    /// <summary>By the operator's mail server where one is set; else each letter becomes a file.</summary>
    public static IMailSender Of(MailSettings settings, TimeProvider time) =>
        settings.Server is { } server
            ? new SmtpMailSender(server, settings.From)
            : new FileMailSender(settings.Directory ?? "", settings.From, time);
}
