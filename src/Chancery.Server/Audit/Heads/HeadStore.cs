using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.Heads;

/// <summary>Signs ends of chains and keeps what was signed. Safe for concurrent use.</summary>
internal sealed class HeadStore(TenantDatabase database, IAuditSigner signer, TimeProvider time)
{
    // Whoever comes second waits, and finds that it is signed.
    private const string LockSql = """
        SELECT seq, hash FROM audit_chains
        WHERE tenant_id = @tenant AND seq > signed_seq AND (signed_at IS NULL OR signed_at <= @before)
        FOR UPDATE
        """;

    private const string InsertSql = """
        INSERT INTO audit_heads (tenant_id, seq, hash, signed_at, key_id, jws)
        VALUES (@tenant, @Seq, @Hash, @SignedAt, @KeyId, @Jws)
        """;

    private const string SignedSql = """
        UPDATE audit_chains SET signed_seq = @Seq, signed_at = @now WHERE tenant_id = @tenant
        """;

    private const string ListSql = """
        SELECT tenant_id, seq, hash, signed_at, key_id, jws FROM audit_heads
        WHERE tenant_id = @tenant AND (@before::bigint IS NULL OR seq < @before)
        ORDER BY seq DESC
        LIMIT @most
        """;

    private const string FindUnsentSql = """
        SELECT tenant_id, seq, hash, signed_at, key_id, jws FROM audit_heads
        WHERE tenant_id = @tenant AND sent_at IS NULL AND (@seq::bigint IS NULL OR seq = @seq)
        ORDER BY seq DESC
        LIMIT 1
        """;

    private const string SentSql = """
        UPDATE audit_heads SET sent_at = @now WHERE tenant_id = @tenant AND seq = @seq
        """;

    private sealed record End(long Seq, byte[] Hash);

    /// <summary>Signs the end of a chain that grew; null when it did not, or was signed since <paramref name="before"/>.</summary>
    public async Task<SignedHead?> SignAsync(Guid tenant, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        if (await session.FindAsync<End>(LockSql, new { tenant, before }, cancellationToken) is not { } end)
        {
            return null;
        }

        var head = await SignedHead.SignAsync(signer, tenant, end.Seq, end.Hash, now, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant,
                head.Seq,
                head.Hash,
                head.SignedAt,
                head.KeyId,
                head.Jws,
            },
            cancellationToken
        );
        await session.ExecuteAsync(
            SignedSql,
            new
            {
                tenant,
                head.Seq,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return head;
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<SignedHead>> ListAsync(
        Guid tenant,
        long? before,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        return await session.QueryAsync<SignedHead>(
            ListSql,
            new
            {
                tenant,
                before,
                most,
            },
            cancellationToken
        );
    }

    /// <summary>The head of that entry, or the newest for null; null when the webhook took it, or there is none.</summary>
    public async Task<SignedHead?> FindUnsentAsync(Guid tenant, long? seq, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        return await session.FindAsync<SignedHead>(FindUnsentSql, new { tenant, seq }, cancellationToken);
    }

    public async Task SentAsync(Guid tenant, long seq, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        await session.ExecuteAsync(
            SentSql,
            new
            {
                tenant,
                seq,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
