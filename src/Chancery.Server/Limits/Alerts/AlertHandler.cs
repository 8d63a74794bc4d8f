using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Limits.Alerts;

/// <summary>Delivers alerts, and tries again for a day and longer where an address does not take them.</summary>
internal sealed class AlertHandler(
    AlertSender sender,
    IOptions<WorkOptions> options,
    TimeProvider time,
    ILogger<AlertHandler> logger
) : IWorkHandler
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>How old an alert is when tries begin to count; it is given up after the last of those.</summary>
    internal static readonly TimeSpan TriedFor = TimeSpan.FromHours(25);

    public string Kind => AlertWork.Kind;

    public bool Waits => true;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var work = item.SubjectAs<AlertWork>();
        var failure =
            work.To == AlertWork.Operator
                ? await sender.ToOperatorAsync(work.Alert, cancellationToken)
                : await sender.ToOrganisationAsync(item.Tenant, work.Alert, cancellationToken);
        if (failure is null)
        {
            return;
        }

        var fault = new IOException($"An alert did not arrive: {failure}.");
        var age = time.GetUtcNow() - work.Alert.GetProperty("at").GetDateTimeOffset();
        throw age < TriedFor ? new WorkPostponedException(PauseAt(age), fault) : fault;
    }

    /// <summary>As long as it took until now, so that pauses double; from the pause between tries of any work up to an hour.</summary>
    internal TimeSpan PauseAt(TimeSpan age)
    {
        var shortest = TimeSpan.FromMilliseconds(options.Value.RetryMilliseconds);
        return age < shortest ? shortest
            : age < LongestPause ? age
            : LongestPause;
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        Log.AlertLost(logger, item.SubjectAs<AlertWork>().To, item.Tenant.Value);
        return Task.CompletedTask;
    }
}
