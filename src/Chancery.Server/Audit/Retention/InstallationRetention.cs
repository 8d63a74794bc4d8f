using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.Retention;

/// <summary>The installation's own record, which no job of tenants comes to. On every server: it may run twice.</summary>
internal sealed class InstallationRetention(
    AuditRetention retention,
    TimeProvider time,
    ILogger<InstallationRetention> logger
) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(6);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await retention.RunAsync(new TenantId(AuditActor.Installation), stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotExpired(logger, exception);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
