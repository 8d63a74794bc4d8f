using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge;

/// <summary>Every version keeps its file.</summary>
internal sealed class BlobReferences : IBlobReferences
{
    private const string ReferencedSql = """
        SELECT DISTINCT blob_sha256 FROM document_versions
        WHERE tenant_id = @tenant AND blob_sha256 = ANY (@sha256s)
        """;

    public Task<IReadOnlyList<byte[]>> AmongAsync(
        TenantSession session,
        byte[][] sha256s,
        CancellationToken cancellationToken
    ) => session.QueryAsync<byte[]>(ReferencedSql, new { tenant = session.Tenant.Value, sha256s }, cancellationToken);
}
