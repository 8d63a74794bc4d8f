namespace Chancery.Server.Platform.Blobs;

internal static class BlobsModule
{
    public static void AddBlobs(this IServiceCollection services)
    {
        services.AddSingleton<BlobStore>();
        services.AddSingleton<BlobSweep>();
    }
}
