using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Erasing;

/// <summary>The tenant's encrypted files.</summary>
internal sealed class StoredFiles(BlobStore blobs) : ITenantRemains
{
    public string Name => "files";

    public bool IsOfEachServer => false;

    public Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken) =>
        Task.FromResult(blobs.EraseAll(tenant, cancellationToken));
}
