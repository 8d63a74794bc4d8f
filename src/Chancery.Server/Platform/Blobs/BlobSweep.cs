using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Platform.Blobs;

/// <summary>Names the files that some row still points to. The capability that owns those rows implements it.</summary>
public interface IBlobReferences
{
    /// <summary>Those of <paramref name="sha256s"/> that are still needed.</summary>
    public Task<IReadOnlyList<byte[]>> AmongAsync(
        TenantSession session,
        byte[][] sha256s,
        CancellationToken cancellationToken
    );
}

/// <summary>Removes files that nothing points to, and what a crash left half-written, a day after they were written.</summary>
public sealed class BlobSweep(
    TenantDatabase database,
    BlobStore blobs,
    IEnumerable<IBlobReferences> references,
    TimeProvider time
) : ITenantJob
{
    /// <summary>Younger files may belong to an upload that has not committed yet.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromHours(24);

    // The lock meets KeepAsync: an upload of the same content commits before the sweep looks, or after it removed.
    private const string LockSql = "SELECT pg_advisory_xact_lock(hashtextextended('blobs:' || @tenant, 0))";

    private const string ShareSql = "SELECT pg_advisory_xact_lock_shared(hashtextextended('blobs:' || @tenant, 0))";

    // A backup, or an export of the tenant, copies files for as long as it takes; what it names must stay. Tomorrow is another
    // day for the sweep.
    private const string GateSql = """
        SELECT pg_try_advisory_xact_lock_shared(@gate) AND pg_try_advisory_xact_lock(hashtextextended('export:' || @tenant, 0))
        """;

    /// <summary>Held by an export of a tenant as long as it runs: takes <c>@tenant</c>, as text.</summary>
    internal const string HoldOffSql = "SELECT pg_advisory_xact_lock_shared(hashtextextended('export:' || @tenant, 0))";

    private const int BatchFiles = 500;

    Task ITenantJob.RunAsync(TenantId tenant, CancellationToken cancellationToken) =>
        RunAsync(tenant, cancellationToken);

    /// <summary>Sweeps one tenant.</summary>
    /// <returns>How many files were removed.</returns>
    public async Task<int> RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var batch in blobs.WrittenBefore(tenant, time.GetUtcNow() - Age).Chunk(BatchFiles))
        {
            await using var session = await database.OpenAsync(tenant, cancellationToken);
            if (!await HoldOffArchivesAsync(session, cancellationToken))
            {
                return removed;
            }

            await session.ExecuteAsync(LockSql, new { tenant = tenant.ToString() }, cancellationToken);
            var asked = batch.Select(file => file.Sha256).OfType<byte[]>().ToArray();
            var kept = new HashSet<string>(StringComparer.Ordinal);
            foreach (var owner in references)
            {
                kept.UnionWith(
                    (await owner.AmongAsync(session, asked, cancellationToken)).Select(Convert.ToHexStringLower)
                );
            }

            var cutoff = (time.GetUtcNow() - Age).UtcDateTime;
            foreach (var (path, sha256) in batch)
            {
                var isKept = sha256 is not null && kept.Contains(Convert.ToHexStringLower(sha256));
                if (!isKept && File.GetLastWriteTimeUtc(path) < cutoff)
                {
                    File.Delete(path);
                    removed++;
                }
            }

            await session.CommitAsync(cancellationToken);
        }

        return removed;
    }

    /// <summary>
    /// Until the transaction ends no backup begins, and no export of the tenant. False when one is being written.
    /// </summary>
    internal static async Task<bool> HoldOffArchivesAsync(TenantSession session, CancellationToken cancellationToken) =>
        (
            await session.QueryAsync<bool>(
                GateSql,
                new { gate = SnapshotConnection.SweepGate, tenant = session.Tenant.ToString() },
                cancellationToken
            )
        ).Single();

    /// <summary>
    /// Called in the transaction that begins to point to a file: until it ends the sweep waits. False when the sweep
    /// had already removed the file.
    /// </summary>
    public async Task<bool> KeepAsync(TenantSession session, byte[] sha256, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(ShareSql, new { tenant = session.Tenant.ToString() }, cancellationToken);
        return blobs.Exists(session.Tenant, sha256);
    }
}
