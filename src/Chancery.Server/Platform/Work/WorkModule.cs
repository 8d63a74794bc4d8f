namespace Chancery.Server.Platform.Work;

internal static class WorkModule
{
    public static void AddWork(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WorkOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<WorkStore>();
        services.AddSingleton<WorkQueue>();
        services.AddHostedService<WorkLoop>();
    }
}
