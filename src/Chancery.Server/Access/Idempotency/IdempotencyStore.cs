using System.Security.Cryptography;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Idempotency;

/// <summary>What a key stands for.</summary>
internal abstract record KeyOutcome
{
    private KeyOutcome() { }

    /// <summary>The key is this attempt's, until it is completed, freed, or its lease ends.</summary>
    public sealed record Taken(Guid Attempt) : KeyOutcome;

    /// <summary>Another attempt is running.</summary>
    public sealed record InUse : KeyOutcome;

    /// <summary>It was done before, and who may read what has changed since.</summary>
    public sealed record Outdated : KeyOutcome;

    /// <summary>It was done before, as this call with this body.</summary>
    public sealed record Done(string Call, byte[] BodySha256, byte[] Sealed) : KeyOutcome;
}

/// <summary>The rows of idempotency keys, each bound to its principal. Safe for concurrent use.</summary>
internal sealed class IdempotencyStore(
    TenantDatabase database,
    IEnumerable<IReadersChanged> readings,
    TimeProvider time
)
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    // A key that ended, or whose attempt died, is as good as none.
    private const string TakeSql = """
        INSERT INTO idempotency_keys AS k (tenant_id, principal_id, key_sha256, call, attempt_id, state, lease_until, expires_at,
                                           stand)
        VALUES (@tenant, @principal, @key, @call, @attempt, 'running', @lease, @expires, @stand)
        ON CONFLICT (tenant_id, principal_id, key_sha256) DO UPDATE
        SET call = excluded.call, attempt_id = excluded.attempt_id, state = 'running',
            lease_until = excluded.lease_until, expires_at = excluded.expires_at, body_sha256 = NULL, answer = NULL,
            stand = excluded.stand
        WHERE k.expires_at <= @now OR (k.state = 'running' AND k.lease_until <= @now)
        RETURNING attempt_id
        """;

    private const string FindSql = """
        SELECT call, state, body_sha256, answer, stand FROM idempotency_keys
        WHERE tenant_id = @tenant AND principal_id = @principal AND key_sha256 = @key
        """;

    private const string RenewSql = """
        UPDATE idempotency_keys SET lease_until = @lease
        WHERE tenant_id = @tenant AND principal_id = @principal AND key_sha256 = @key AND attempt_id = @attempt
          AND state = 'running'
        """;

    private const string CompleteSql = """
        UPDATE idempotency_keys SET state = 'done', body_sha256 = @body, answer = @answer, expires_at = @expires
        WHERE tenant_id = @tenant AND principal_id = @principal AND key_sha256 = @key AND attempt_id = @attempt
          AND state = 'running'
        """;

    private const string FreeSql = """
        DELETE FROM idempotency_keys
        WHERE tenant_id = @tenant AND principal_id = @principal AND key_sha256 = @key AND attempt_id = @attempt
          AND state = 'running'
        """;

    private const string ExpireSql = "SELECT expire_idempotency_keys(@now)";

    public async Task<KeyOutcome> TakeAsync(
        Principal principal,
        byte[] key,
        string call,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var attempt = Guid.CreateVersion7();
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var stand = await StandAsync(session, principal, cancellationToken);
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            principal = principal.Id,
            key,
            call,
            attempt,
            lease = now + lease,
            expires = now + Life,
            now,
            stand,
        };
        if (await session.FindAsync<Guid?>(TakeSql, arguments, cancellationToken) is not null)
        {
            await session.CommitAsync(cancellationToken);
            return new KeyOutcome.Taken(attempt);
        }

        var row = await session.FindAsync<Row>(FindSql, arguments, cancellationToken);
        return row switch
        {
            { State: "done" } when stand is not null && row.Stand != stand => new KeyOutcome.Outdated(),
            { State: "done", BodySha256: { } body, Answer: { } answer } => new KeyOutcome.Done(row.Call, body, answer),
            _ => new KeyOutcome.InUse(),
        };
    }

    /// <summary>Null for whoever reads everything: theirs stays.</summary>
    private async Task<long?> StandAsync(
        TenantSession session,
        Principal principal,
        CancellationToken cancellationToken
    )
    {
        if (principal.Reader.ReadsEverything)
        {
            return null;
        }

        var stand = 0L;
        foreach (var reading in readings)
        {
            stand += await reading.StandAsync(session, cancellationToken);
        }

        return stand;
    }

    public Task RenewAsync(
        Principal principal,
        byte[] key,
        Guid attempt,
        TimeSpan lease,
        CancellationToken cancellationToken
    ) => ExecuteAsync(principal, RenewSql, key, attempt, null, null, time.GetUtcNow() + lease, cancellationToken);

    /// <summary>Remembers the answer; does nothing when another attempt has taken the key over.</summary>
    public Task CompleteAsync(
        Principal principal,
        byte[] key,
        Guid attempt,
        byte[] bodySha256,
        byte[] answer,
        CancellationToken cancellationToken
    ) => ExecuteAsync(principal, CompleteSql, key, attempt, bodySha256, answer, default, cancellationToken);

    public Task FreeAsync(Principal principal, byte[] key, Guid attempt, CancellationToken cancellationToken) =>
        ExecuteAsync(principal, FreeSql, key, attempt, null, null, default, cancellationToken);

    /// <summary>Removes the bound tenant's keys that ended, and answers how many there were.</summary>
    public async Task<int> ExpireAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var expired = await session.FindAsync<int>(ExpireSql, new { now = time.GetUtcNow() }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return expired;
    }

    public static byte[] HashOf(string key) => SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(key));

    private async Task ExecuteAsync(
        Principal principal,
        string sql,
        byte[] key,
        Guid attempt,
        byte[]? body,
        byte[]? answer,
        DateTimeOffset lease,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            sql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                key,
                attempt,
                body,
                answer,
                lease,
                expires = time.GetUtcNow() + Life,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    private sealed record Row
    {
        public required string Call { get; init; }
        public required string State { get; init; }
        public byte[]? BodySha256 { get; init; }
        public byte[]? Answer { get; init; }
        public long? Stand { get; init; }
    }
}
