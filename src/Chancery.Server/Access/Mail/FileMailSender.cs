using System.Globalization;
using System.Text;

namespace Chancery.Server.Access.Mail;

/// <summary>Writes letters into files that only this user reads, one for each: for development, and for tests.</summary>
internal sealed class FileMailSender(string directory, string from, TimeProvider time) : IMailSender
{
    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(
                directory,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
            var now = time.GetUtcNow();
            var text =
                $"From: {from}\nTo: {letter.To}\nSubject: {letter.Subject}\nDate: {now.ToString("r", CultureInfo.InvariantCulture)}\n\n{letter.Text}";
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            var path = Path.Combine(directory, $"{Guid.CreateVersion7(now):n}.eml");
            await using (var file = new FileStream(path + ".part", options))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
            }

            // Whoever looks into the folder sees whole letters only.
            File.Move(path + ".part", path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MailException($"The folder of letters cannot be written: {exception.Message}", exception);
        }
    }
}
