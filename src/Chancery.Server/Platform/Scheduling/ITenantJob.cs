using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Scheduling;

/// <summary>Something that is done for every tenant now and then: retention, sweeping.</summary>
/// <remarks>
/// Runs once per time on the whole installation, not once per replica; but after a crash it may run twice, or late, and
/// must come to the same end. One tenant's failure does not keep the others waiting.
/// </remarks>
public interface ITenantJob
{
    /// <summary>Does the work of one tenant, in sessions bound to that tenant.</summary>
    /// <param name="tenant">Whose turn it is.</param>
    /// <param name="cancellationToken">The server stops; the next run goes on.</param>
    public Task RunAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>When a tenant job runs.</summary>
/// <param name="Name">Lower case with dashes; <c>SCHEDULE_NAME</c> overrides its time.</param>
/// <param name="Cron">Seconds, minutes, hours, day of month, month, day of week; UTC.</param>
internal sealed record TenantJobSchedule(string Name, string Cron, Func<IServiceProvider, ITenantJob> Create)
{
    public string Setting => "SCHEDULE_" + Name.ToUpperInvariant().Replace('-', '_');
}

/// <summary>How capabilities say what they want done.</summary>
public static class TenantJobExtensions
{
    /// <param name="services">Where the job's own needs are registered too.</param>
    /// <param name="name">Lower case with dashes, for ever: the schedule is kept under it.</param>
    /// <param name="cron">Its usual time, UTC: seconds, minutes, hours, day of month, month, day of week.</param>
    public static IServiceCollection AddTenantJob<TJob>(this IServiceCollection services, string name, string cron)
        where TJob : class, ITenantJob =>
        services
            .AddSingleton<TJob>()
            .AddSingleton(new TenantJobSchedule(name, cron, provider => provider.GetRequiredService<TJob>()));
}
