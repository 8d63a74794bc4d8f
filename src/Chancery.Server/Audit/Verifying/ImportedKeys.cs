using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.Verifying;

/// <summary>Whose signatures vouch for the part of a record that came with its organisation from another installation.</summary>
internal static class ImportedKeys
{
    /// <summary>Which of them an archive holds, as SQL over the row <c>t</c>: none vouches for more than it signed.</summary>
    public const string OnlySql =
        "t.through <= (SELECT max(h.seq) FROM audit_heads AS h WHERE h.tenant_id = t.tenant_id AND h.key_id = t.key_id)";

    private const string HeadKeysSql =
        "SELECT DISTINCT key_id FROM audit_heads WHERE tenant_id = @tenant ORDER BY key_id";

    private const string AddSql = """
        INSERT INTO audit_imported_keys (tenant_id, key_id, public_key, through, imported_at)
        SELECT @tenant, @keyId, @publicKey, max(h.seq), @now FROM audit_heads AS h
        WHERE h.tenant_id = @tenant AND h.key_id = @keyId
        HAVING count(*) > 0
        ON CONFLICT DO NOTHING
        """;

    /// <summary>The ids of the keys that the tenant's heads are signed with.</summary>
    public static Task<IReadOnlyList<string>> OfHeadsAsync(
        TenantSession session,
        CancellationToken cancellationToken
    ) => session.QueryAsync<string>(HeadKeysSql, new { tenant = session.Tenant.Value }, cancellationToken);

    /// <summary>Takes a key for the signer of those heads of the tenant that name it, which are all there already.</summary>
    /// <param name="publicKey">SubjectPublicKeyInfo.</param>
    public static Task AddAsync(
        TenantSession session,
        string keyId,
        byte[] publicKey,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            AddSql,
            new
            {
                tenant = session.Tenant.Value,
                keyId,
                publicKey,
                now,
            },
            cancellationToken
        );
}
