using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Platform.Blobs;

internal static class BlobsModule
{
    public static void AddBlobs(this IServiceCollection services)
    {
        services.AddSingleton<BlobStore>();
        services.AddSingleton<ITenantRemains, StoredFiles>();
        services.AddTenantJob<BlobSweep>("blob-sweep", "0 29 4 * * ?");
    }
}
