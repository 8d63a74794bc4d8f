using System.Net;
using System.Net.Mail;
using System.Text;

namespace Chancery.Server.Access.Mail;

/// <summary>Hands letters to the operator's mail server: with TLS (STARTTLS), but for a server on this machine.</summary>
internal sealed class SmtpMailSender(Uri server, string from) : IMailSender
{
    private const int SubmissionPort = 587;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var client = new SmtpClient(server.Host, server.Port > 0 ? server.Port : SubmissionPort)
            {
                EnableSsl = !server.IsLoopback,
                Credentials = CredentialOf(server),
            };
            using var message = new MailMessage(from, letter.To, letter.Subject, letter.Text)
            {
                BodyEncoding = Encoding.UTF8,
                SubjectEncoding = Encoding.UTF8,
            };
            // Nobody's "I am on holiday" answers a machine.
            message.Headers.Add("Auto-Submitted", "auto-generated");
            await client.SendMailAsync(message, patience.Token);
        }
        catch (Exception exception)
            when (exception is SmtpException or FormatException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw new MailException("The mail server did not take the letter.", exception);
        }
    }

    private static NetworkCredential? CredentialOf(Uri server)
    {
        var parts = server.UserInfo.Split(':', 2);
        return server.UserInfo.Length == 0
            ? null
            : new NetworkCredential(
                Uri.UnescapeDataString(parts[0]),
                parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : ""
            );
    }
}
