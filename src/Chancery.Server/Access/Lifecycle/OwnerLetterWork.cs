using Chancery.Server.Access.Mail;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Access.Lifecycle;

/// <summary>
/// Sends letters to owners, and tries again for three days where the mail server does not take one. What is sent or given up is
/// removed. A server that dies between sending and removing sends it twice.
/// </summary>
internal sealed class OwnerLetterWork(
    Doors doors,
    IMailSender mail,
    MailSettings settings,
    IOptions<WorkOptions> options,
    TimeProvider time,
    ILogger<OwnerLetterWork> logger
) : IWorkHandler
{
    private const string FindSql = "SELECT * FROM door_owner_letter(@letter)";

    private const string ForgetSql = "SELECT 1 FROM door_forget_owner_letter(@letter)";

    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>How old a letter is when tries begin to count; it is given up after the last of those.</summary>
    internal static readonly TimeSpan TriedFor = TimeSpan.FromDays(3);

    /// <summary>As the doors write it.</summary>
    public string Kind => "owner-letter";

    public bool Waits => true;

    public bool IsAble => settings.IsPossible;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var id = item.SubjectAs<Subject>().Letter;
        if (await doors.FindAsync<Row>(FindSql, new { letter = id }, cancellationToken) is not { } row)
        {
            return;
        }

        try
        {
            await mail.SendAsync(new Letter(row.Recipient, row.Subject, row.Body), cancellationToken);
        }
        catch (MailException exception) when (time.GetUtcNow() - row.QueuedAt < TriedFor)
        {
            throw new WorkPostponedException(PauseAt(time.GetUtcNow() - row.QueuedAt), exception);
        }

        await ForgetAsync(id, cancellationToken);
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        var id = item.SubjectAs<Subject>().Letter;
        Log.OwnerLetterGivenUp(logger, id, lastFault);
        return ForgetAsync(id, cancellationToken);
    }

    /// <summary>As long as it took until now, so that pauses double; from the pause between tries of any work up to an hour.</summary>
    private TimeSpan PauseAt(TimeSpan age)
    {
        var shortest = TimeSpan.FromMilliseconds(options.Value.RetryMilliseconds);
        return age < shortest ? shortest
            : age < LongestPause ? age
            : LongestPause;
    }

    private async Task ForgetAsync(Guid letter, CancellationToken cancellationToken) =>
        await doors.QueryAsync<int>(ForgetSql, new { letter }, cancellationToken);

    private sealed record Subject(Guid Letter);

    private sealed record Row(string Recipient, string Subject, string Body, DateTimeOffset QueuedAt);
}
