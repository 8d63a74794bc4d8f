using Chancery.Server.Platform.Work;

namespace Chancery.Server.Limits.Alerts;

/// <summary>Delivers alerts, and tries again where an address does not take them.</summary>
internal sealed class AlertHandler(AlertSender sender, ILogger<AlertHandler> logger) : IWorkHandler
{
    public string Kind => AlertWork.Kind;

    public bool Waits => true;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var work = item.SubjectAs<AlertWork>();
        var failure =
            work.To == AlertWork.Operator
                ? await sender.ToOperatorAsync(work.Alert, cancellationToken)
                : await sender.ToOrganisationAsync(work.Alert, cancellationToken);
        if (failure is not null)
        {
            throw new IOException($"An alert did not arrive: {failure}.");
        }
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        Log.AlertLost(logger, item.SubjectAs<AlertWork>().To, item.Tenant.Value);
        return Task.CompletedTask;
    }
}
