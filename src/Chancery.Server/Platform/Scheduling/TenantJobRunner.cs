using System.Runtime.CompilerServices;
using Chancery.Server.Platform.Database;
using Quartz;

namespace Chancery.Server.Platform.Scheduling;

/// <summary>Takes one tenant job round all tenants, in order, each bound to itself alone.</summary>
[DisallowConcurrentExecution]
internal sealed class TenantJobRunner(
    IEnumerable<TenantJobSchedule> schedules,
    IServiceProvider services,
    Doors doors,
    TimeProvider time,
    ILogger<TenantJobRunner> logger
) : IJob
{
    private const int TenantsPerPage = 200;

    private const string TenantsSql = "SELECT tenant_id FROM door_tenants_after(@previous, @most)";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await RunAsync(context.JobDetail.Key.Name, cancellationToken);

    /// <summary>Runs the job of that name for every tenant, and answers for how many it failed.</summary>
    public async Task<int> RunAsync(string name, CancellationToken cancellationToken)
    {
        // A newer server may have left its job in the shared schedule.
        if (schedules.FirstOrDefault(schedule => schedule.Name == name) is not { } schedule)
        {
            Log.UnknownJob(logger, name);
            return 0;
        }

        var job = schedule.Create(services);
        var started = time.GetTimestamp();
        var (done, failed) = (0, 0);
        await foreach (var tenant in TenantsAsync(cancellationToken))
        {
            try
            {
                await job.RunAsync(tenant, cancellationToken);
                done++;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                failed++;
                Log.JobFailed(logger, name, tenant.Value, exception);
            }
        }

        Log.JobDone(logger, name, done, failed, time.GetElapsedTime(started).TotalSeconds);
        return failed;
    }

    private async IAsyncEnumerable<TenantId> TenantsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Guid? previous = null;
        while (true)
        {
            var page = await doors.QueryAsync<Guid>(
                TenantsSql,
                new { previous, most = TenantsPerPage },
                cancellationToken
            );
            foreach (var tenant in page)
            {
                yield return new TenantId(tenant);
            }

            if (page.Count < TenantsPerPage)
            {
                yield break;
            }

            previous = page[^1];
        }
    }
}
