using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Chancery.Server.Platform.Http;

internal static class HttpModule
{
    public static void AddGuardedHttp(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GuardedHttpOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<GuardedHttp>();
    }
}
