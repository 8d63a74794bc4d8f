namespace Chancery.Server.Access.Mail;

/// <summary>A letter in plain text.</summary>
public sealed record Letter(string To, string Subject, string Text);

/// <summary>Sends letters, by whatever way the operator chose. Safe for concurrent use.</summary>
public interface IMailSender
{
    /// <exception cref="MailException">It was not sent.</exception>
    public Task SendAsync(Letter letter, CancellationToken cancellationToken);
}

/// <summary>A letter was not sent. The message says why, and names nobody.</summary>
public sealed class MailException(string message, Exception? inner = null) : Exception(message, inner);
