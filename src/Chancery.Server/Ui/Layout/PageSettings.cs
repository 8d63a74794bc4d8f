using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Access.Mail;

namespace Chancery.Server.Ui.Layout;

/// <summary>What pages need to know about this installation.</summary>
public sealed class PageSettings(IConfiguration configuration, AccessSettings access, MailSettings mail)
{
    private const long DefaultMaxUploadBytes = 10_000_000;

    /// <summary>Larger files are refused in the browser already; the server has the last word.</summary>
    public long MaxUploadBytes { get; } =
        long.TryParse(configuration["MAX_UPLOAD_BYTES"], CultureInfo.InvariantCulture, out var bytes) && bytes > 0
            ? bytes
            : DefaultMaxUploadBytes;

    /// <summary>Whether strangers are told that they may make an organisation of their own.</summary>
    public bool SignUpIsOpen => access.SignUp == SignUpMode.Open;

    /// <summary>Whether the form is there at all: by invitation, it still makes the first organisation.</summary>
    public bool SignUpIsPossible => access.SignUp != SignUpMode.Off;

    /// <summary>Whether somebody who forgot their password can be sent a link.</summary>
    public bool SendsLetters => mail.IsPossible;

    /// <summary>Whether that link stands in a file of the operator's, for want of a mail server.</summary>
    public bool LettersAreFiles => mail.IsPossible && mail.Server is null;

    /// <summary>Characters.</summary>
    public int PasswordMinLength => access.PasswordMinLength;
}
