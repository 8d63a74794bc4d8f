using Chancery.Server.Platform.Settings;
using Npgsql;
using Quartz;

namespace Chancery.Server.Platform.Scheduling;

/// <summary>What is done now and then: one clustered schedule in PostgreSQL, however many servers there are.</summary>
internal static class SchedulingModule
{
    private const string SchedulerName = "chancery";
    private const int ParallelJobs = 2;

    public static WebApplicationBuilder AddScheduling(this WebApplicationBuilder builder)
    {
        builder.Services.AddTenantJob<OldWork>("old-work", "0 41 3 * * ?");
        builder.Services.AddSingleton<TenantJobRunner>();
        if (!IsOn(builder.Configuration["SCHEDULER"]))
        {
            return builder;
        }

        builder.Services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(options => options.InstanceName = SchedulerName);
            quartz.UseDefaultThreadPool(ParallelJobs);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(source =>
                    source.DataSourceFactory = services => services.GetRequiredService<NpgsqlDataSource>()
                );
                store.UseClustering(cluster => cluster.CheckinInterval = TimeSpan.FromSeconds(15));
                store.ConfigureStore(options =>
                {
                    options.TablePrefix = "qrtz_";
                    options.StoreJobDataAsStrings = true;
                });
            });
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = false);
        builder.Services.AddHostedService<ScheduleStart>();
        return builder;
    }

    private static bool IsOn(string? value) =>
        value?.Trim().ToUpperInvariant() switch
        {
            null or "" or "ON" or "TRUE" or "1" => true,
            "OFF" or "FALSE" or "0" => false,
            _ => throw new SettingException("SCHEDULER", "takes on or off."),
        };
}
