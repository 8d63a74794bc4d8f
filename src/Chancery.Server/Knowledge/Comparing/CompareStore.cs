using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Comparing;

/// <summary>What is to be known of a version before its text is read.</summary>
internal sealed record ComparedVersion
{
    public required int Version { get; init; }
    public required string State { get; init; }

    /// <summary>Of all pages that were read.</summary>
    public required long Characters { get; init; }
}

/// <summary>The whole texts of versions. Safe for concurrent use.</summary>
internal sealed class CompareStore(TenantDatabase database)
{
    private const string VersionsSql = """
        SELECT v.version, v.state,
               (SELECT coalesce(sum(length(p.text)), 0) FROM pages AS p
                WHERE p.tenant_id = v.tenant_id AND p.document_id = v.document_id AND p.version = v.version) AS characters
        FROM document_versions AS v
        WHERE v.tenant_id = @tenant AND v.document_id = @documentId AND v.version = ANY (@versions)
        ORDER BY v.version
        """;

    private const string TextSql = """
        SELECT page, text FROM pages
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version
        ORDER BY page
        """;

    /// <summary>Those of <paramref name="versions"/> that the tenant has.</summary>
    public async Task<IReadOnlyList<ComparedVersion>> FindAsync(
        Principal principal,
        Guid documentId,
        int[] versions,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<ComparedVersion>(
            VersionsSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                versions,
            },
            cancellationToken
        );
    }

    public async Task<IReadOnlyList<TextUnit>> TextAsync(
        Principal principal,
        Guid documentId,
        int version,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var pages = await session.QueryAsync<PageText>(
            TextSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                version,
            },
            cancellationToken
        );
        return [.. pages.SelectMany(page => TextUnits.Of(page.Text, page.Page))];
    }

    private sealed record PageText(int Page, string Text);
}
