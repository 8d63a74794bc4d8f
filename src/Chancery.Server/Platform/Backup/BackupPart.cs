namespace Chancery.Server.Platform.Backup;

/// <summary>What a capability knows about its own tables that a backup needs. Its statements run as the owner, over all tenants.</summary>
/// <param name="BlobsSql">Every stored file that rows point to: <c>tenant_id uuid, sha256 bytea</c>, each once.</param>
/// <param name="RevisionsSql">Where each tenant's content stands: <c>tenant_id uuid, revision bigint, token uuid</c>.</param>
/// <param name="RestoredSql">Run once after a restore: what must not pass for the state that was lost.</param>
public sealed record BackupPart(string? BlobsSql, string? RevisionsSql, string? RestoredSql);
