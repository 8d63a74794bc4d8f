using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Documents;

/// <summary>Which documents somebody may read now: for what was quoted from them earlier, or shown to somebody else.</summary>
public sealed class ReadableDocuments(TenantDatabase database)
{
    private const string ReadableSql = """
        SELECT document_id FROM documents
        WHERE tenant_id = @tenant AND document_id = ANY(@documents) AND deleted_at IS NULL
        """;

    /// <summary>Those of <paramref name="documents"/> that are there and not deleted.</summary>
    public async Task<IReadOnlySet<Guid>> AmongAsync(
        Principal principal,
        IReadOnlyCollection<Guid> documents,
        CancellationToken cancellationToken
    )
    {
        if (documents.Count == 0)
        {
            return new HashSet<Guid>();
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        var found = await session.QueryAsync<Guid>(
            ReadableSql,
            new { tenant = principal.Tenant.Value, documents = documents.ToArray() },
            cancellationToken
        );
        return found.ToHashSet();
    }
}
