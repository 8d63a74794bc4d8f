using Chancery.Server.Platform.Backup;

namespace Chancery.Server.Knowledge;

/// <summary>The files that versions keep, and where each tenant's knowledge stands.</summary>
internal static class KnowledgeBackup
{
    private const string BlobsSql = """
        SELECT DISTINCT tenant_id, blob_sha256 FROM document_versions ORDER BY tenant_id, blob_sha256
        """;

    private const string RevisionsSql = """
        SELECT tenant_id, revision, token FROM knowledge_revisions ORDER BY tenant_id
        """;

    // What was lost may have had the same numbers with other content. No pair of number and token from before is in the log
    // any more, so an index, a snapshot or a cached result that names one is recognised as stale and thrown away.
    private const string RestoredSql = """
        UPDATE knowledge_changes SET token = gen_random_uuid();
        UPDATE knowledge_revisions AS r SET token = coalesce(
          (SELECT c.token FROM knowledge_changes AS c WHERE c.tenant_id = r.tenant_id AND c.revision = r.revision),
          gen_random_uuid());
        """;

    public static BackupPart Part { get; } = new(BlobsSql, RevisionsSql, RestoredSql);
}
