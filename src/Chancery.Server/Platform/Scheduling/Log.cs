namespace Chancery.Server.Platform.Scheduling;

internal static partial class Log
{
    [LoggerMessage(1200, LogLevel.Information, "Job {Job}: {Done} tenants done, {Failed} failed, {Seconds} s")]
    public static partial void JobDone(ILogger logger, string job, int done, int failed, double seconds);

    [LoggerMessage(1201, LogLevel.Error, "Job {Job} failed for tenant {Tenant}; it goes on with the next")]
    public static partial void JobFailed(ILogger logger, string job, Guid tenant, Exception exception);

    [LoggerMessage(1202, LogLevel.Warning, "Job {Job} is not known to this version; another server's job stays for it")]
    public static partial void UnknownJob(ILogger logger, string job);

    [LoggerMessage(1203, LogLevel.Error, "The schedule could not be brought up to date; it is tried at the next start")]
    public static partial void ScheduleNotKept(ILogger logger, Exception exception);
}
