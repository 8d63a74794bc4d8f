using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;

namespace Chancery.Server.Audit.Verifying;

/// <summary>Where a chain is said to begin and end, and the highest number that there is, all at one moment.</summary>
internal sealed record ChainState(
    long Seq,
    byte[] Hash,
    long AnchorSeq,
    byte[] AnchorHash,
    long SignedSeq,
    long? Highest
);

/// <summary>By whom heads of an imported chain were signed.</summary>
/// <param name="PublicKey">SubjectPublicKeyInfo.</param>
/// <param name="Through">The last entry that its heads vouch for.</param>
internal sealed record ImportedKey(byte[] PublicKey, long Through);

/// <summary>Reads a chain in pages. What it reads was written by nobody in particular: it is what is to be checked.</summary>
internal abstract class ChainSource
{
    public const int Page = 1_000;

    private const string StateSql = """
        SELECT c.seq, c.hash, c.anchor_seq, c.anchor_hash, c.signed_seq,
               (SELECT max(e.seq) FROM audit_entries AS e WHERE e.tenant_id = c.tenant_id) AS highest
        FROM audit_chains AS c
        WHERE c.tenant_id = @tenant
        """;

    private const string EntriesSql = """
        SELECT e.tenant_id, e.seq, e.entry_id, e.at, e.action, e.outcome, e.status, e.reason, e.actor_kind, e.actor_id,
               e.credential_kind, e.credential_id, e.subject_kind, e.subject_id, e.trace_id, e.repeats, e.details,
               e.people_id, e.people_hash, e.previous_hash, e.hash,
               p.person_id, p.name, p.email, p.address, p.salt, p.hash AS kept_hash, p.erased_at
        FROM audit_entries AS e
        LEFT JOIN audit_people AS p ON p.tenant_id = e.tenant_id AND p.people_id = e.people_id
        WHERE e.tenant_id = @tenant AND e.seq > @after AND e.seq <= @through
        ORDER BY e.seq
        LIMIT @most
        """;

    private const string HeadsSql = """
        SELECT tenant_id, seq, hash, signed_at, key_id, jws FROM audit_heads
        WHERE tenant_id = @tenant AND seq > @after AND seq <= @through
        ORDER BY seq
        """;

    private const string ImportedKeySql = """
        SELECT public_key, through FROM audit_imported_keys WHERE tenant_id = @tenant AND key_id = @keyId
        """;

    private const string LoneEntriesSql = """
        SELECT max(seq) AS highest FROM audit_entries WHERE tenant_id = @tenant
        """;

    /// <summary>Null when there is no chain.</summary>
    public async Task<ChainState?> StateAsync(Guid tenant, CancellationToken cancellationToken) =>
        (await QueryAsync<ChainState>(tenant, StateSql, new { tenant }, cancellationToken)).SingleOrDefault();

    /// <summary>The highest number of a tenant that has no chain; null when there are no entries either.</summary>
    public async Task<long?> LoneAsync(Guid tenant, CancellationToken cancellationToken) =>
        (await QueryAsync<long?>(tenant, LoneEntriesSql, new { tenant }, cancellationToken)).Single();

    public Task<IReadOnlyList<AuditEntry>> EntriesAsync(
        Guid tenant,
        long after,
        long through,
        CancellationToken cancellationToken
    ) =>
        QueryAsync<AuditEntry>(
            tenant,
            EntriesSql,
            new
            {
                tenant,
                after,
                through,
                most = Page,
            },
            cancellationToken
        );

    public Task<IReadOnlyList<SignedHead>> HeadsAsync(
        Guid tenant,
        long after,
        long through,
        CancellationToken cancellationToken
    ) =>
        QueryAsync<SignedHead>(
            tenant,
            HeadsSql,
            new
            {
                tenant,
                after,
                through,
            },
            cancellationToken
        );

    /// <summary>A key of the installation that the chain came from; null when it is none.</summary>
    public async Task<ImportedKey?> ImportedKeyAsync(Guid tenant, string keyId, CancellationToken cancellationToken) =>
        (
            await QueryAsync<ImportedKey>(tenant, ImportedKeySql, new { tenant, keyId }, cancellationToken)
        ).SingleOrDefault();

    protected abstract Task<IReadOnlyList<T>> QueryAsync<T>(
        Guid tenant,
        string sql,
        object arguments,
        CancellationToken cancellationToken
    );
}
