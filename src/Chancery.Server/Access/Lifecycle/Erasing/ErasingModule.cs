using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Access.Lifecycle.Erasing;

internal static class ErasingModule
{
    public static void AddErasing(this IServiceCollection services)
    {
        services.AddSingleton<ErasureStore>();
        services.AddSingleton<ErasureReceipts>();
        services.AddSingleton<Erasures>();
        services.AddSingleton(new ErasureOptions());
        services.AddSingleton<IWorkHandler, ErasureWork>();
        services.AddSingleton<ITenantRemains>(provider => provider.GetRequiredService<TenantKeys>());
        // Those who keep something of tenants may need what tells them of its end.
        services.AddSingleton(provider => new Lazy<IReadOnlyList<ITenantRemains>>(() =>
            [.. provider.GetServices<ITenantRemains>()]
        ));
    }
}
