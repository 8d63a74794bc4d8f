using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Chancery.Server.Access.Mail;

/// <summary>Hands letters to the operator's mail server: with TLS, but for a server on this machine that has none.</summary>
internal sealed class SmtpMailSender(Uri server, string from) : IMailSender
{
    private const int SubmissionPort = 587;
    private const int SecurePort = 465;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var message = new MimeMessage();
            message.From.Add(MailboxAddress.Parse(from));
            message.To.Add(MailboxAddress.Parse(letter.To));
            message.Subject = letter.Subject;
            message.Body = new TextPart("plain") { Text = letter.Text };
            // Nobody's "I am on holiday" answers a machine.
            message.Headers.Add("Auto-Submitted", "auto-generated");

            using var client = new SmtpClient();
            var isSecure = server.Scheme == "smtps";
            await client.ConnectAsync(
                server.Host,
                server.Port > 0 ? server.Port
                    : isSecure ? SecurePort
                    : SubmissionPort,
                isSecure ? SecureSocketOptions.SslOnConnect
                    : server.IsLoopback ? SecureSocketOptions.StartTlsWhenAvailable
                    : SecureSocketOptions.StartTls,
                patience.Token
            );
            if (server.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var rest])
            {
                await client.AuthenticateAsync(
                    Uri.UnescapeDataString(user),
                    rest.Length > 0 ? Uri.UnescapeDataString(rest[0]) : "",
                    patience.Token
                );
            }

            await client.SendAsync(message, patience.Token);
            await client.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception exception)
            when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new MailException("The mail server did not take the letter.", exception);
        }
    }
}
