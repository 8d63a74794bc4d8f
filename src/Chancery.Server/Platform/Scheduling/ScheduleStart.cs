using Quartz;

namespace Chancery.Server.Platform.Scheduling;

/// <summary>Brings the stored schedule in line with what this build and its settings ask for, at every start.</summary>
/// <remarks>
/// A job whose time did not change keeps its trigger: what fell due while no server ran is then done once, late,
/// instead of being forgotten.
/// </remarks>
internal sealed class ScheduleStart(
    ISchedulerFactory factory,
    IEnumerable<TenantJobSchedule> schedules,
    IConfiguration configuration,
    ILogger<ScheduleStart> logger
) : BackgroundService
{
    private const string Group = "tenants";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var scheduler = await factory.GetScheduler(stoppingToken);
            foreach (var schedule in schedules)
            {
                await EnsureAsync(scheduler, schedule, stoppingToken);
            }
        }
        // Quartz wraps the cancellation of a stop that comes during the start.
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // Retention that waits for the next start is no reason not to serve.
            Log.ScheduleNotKept(logger, exception);
        }
        catch (JobPersistenceException)
        {
            // The next start does it.
        }
    }

    private async Task EnsureAsync(
        IScheduler scheduler,
        TenantJobSchedule schedule,
        CancellationToken cancellationToken
    )
    {
        var cron = configuration[schedule.Setting] is { Length: > 0 } own ? own : schedule.Cron;
        var triggerKey = new TriggerKey(schedule.Name, Group);
        if (
            await scheduler.GetTrigger(triggerKey, cancellationToken) is ICronTrigger kept
            && kept.CronExpressionString == cron
        )
        {
            return;
        }

        var job = JobBuilder.Create<TenantJobRunner>().WithIdentity(schedule.Name, Group).StoreDurably().Build();
        var trigger = TriggerBuilder
            .Create()
            .WithIdentity(triggerKey)
            .WithCronSchedule(
                cron,
                times =>
                    times
                        .InTimeZone(TimeZoneInfo.Utc)
                        .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed)
            )
            .Build();
        await scheduler.ScheduleJob(job, [trigger], ScheduleJobOptions.Replacing, cancellationToken);
    }
}
