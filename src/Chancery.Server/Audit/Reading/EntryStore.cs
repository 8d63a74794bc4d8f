using Chancery.Server.Audit.Chain;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.Reading;

/// <summary>Finds entries. What was recorded before it is asked is found. Safe for concurrent use.</summary>
internal sealed class EntryStore(TenantDatabase database, ChainWriter writer)
{
    private const string ColumnsSql = """
        SELECT e.tenant_id, e.seq, e.entry_id, e.at, e.action, e.outcome, e.status, e.reason, e.actor_kind, e.actor_id,
               e.credential_kind, e.credential_id, e.subject_kind, e.subject_id, e.trace_id, e.repeats, e.details,
               e.people_id, e.people_hash, e.previous_hash, e.hash, p.person_id, p.name, p.email, p.address, p.erased_at
        FROM audit_entries AS e
        LEFT JOIN audit_people AS p ON p.tenant_id = e.tenant_id AND p.people_id = e.people_id

        """;

    private const string MatchesSql = """
        WHERE e.tenant_id = @tenant
          AND (@action::text IS NULL OR e.action = @action OR (@action LIKE '%.' AND starts_with(e.action, @action)))
          AND (@outcome::text IS NULL OR e.outcome = @outcome)
          AND (@actorId::uuid IS NULL OR e.actor_id = @actorId)
          AND (@actor::text IS NULL OR p.name ILIKE @actor OR p.email ILIKE @actor)
          AND (@subject::text IS NULL OR e.subject_id = @subject OR e.subject_kind = @subject)
          AND (@from::timestamptz IS NULL OR e.at >= @from)
          AND (@to::timestamptz IS NULL OR e.at < @to)
          AND (@text::text IS NULL OR e.action ILIKE @text OR e.reason ILIKE @text OR e.subject_id ILIKE @text
               OR e.trace_id ILIKE @text OR e.credential_id ILIKE @text OR e.details ILIKE @text OR p.name ILIKE @text
               OR p.email ILIKE @text OR p.address ILIKE @text)

        """;

    private const string NewestSql =
        ColumnsSql
        + MatchesSql
        + """
              AND (@cursor::bigint IS NULL OR e.seq < @cursor)
            ORDER BY e.seq DESC
            LIMIT @most
            """;

    private const string OldestSql =
        ColumnsSql
        + MatchesSql
        + """
              AND e.seq > @cursor
            ORDER BY e.seq
            LIMIT @most
            """;

    private const string EndSql = "SELECT seq FROM audit_chains WHERE tenant_id = @tenant";

    /// <summary>Newest first, those before a number.</summary>
    public async Task<IReadOnlyList<AuditEntry>> NewestAsync(
        Guid tenant,
        EntryFilter filter,
        long? before,
        int most,
        CancellationToken cancellationToken
    )
    {
        await writer.LinkAsync(tenant, cancellationToken);
        return await QueryAsync(NewestSql, tenant, filter, before, most, cancellationToken);
    }

    /// <summary>Oldest first, those after a number, of what is linked.</summary>
    public Task<IReadOnlyList<AuditEntry>> OldestAsync(
        Guid tenant,
        EntryFilter filter,
        long after,
        int most,
        CancellationToken cancellationToken
    ) => QueryAsync(OldestSql, tenant, filter, after, most, cancellationToken);

    /// <summary>The last number, once all that waits is linked; 0 for an empty chain.</summary>
    public async Task<long> EndAsync(Guid tenant, CancellationToken cancellationToken)
    {
        await writer.LinkAsync(tenant, cancellationToken);
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        return await session.FindAsync<long?>(EndSql, new { tenant }, cancellationToken) ?? 0;
    }

    private async Task<IReadOnlyList<AuditEntry>> QueryAsync(
        string sql,
        Guid tenant,
        EntryFilter filter,
        long? cursor,
        int most,
        CancellationToken cancellationToken
    )
    {
        var isId = Guid.TryParse(filter.Actor, out var actorId);
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        return await session.QueryAsync<AuditEntry>(
            sql,
            new
            {
                tenant,
                action = NullIfEmpty(filter.Action),
                outcome = NullIfEmpty(filter.Outcome),
                actorId = isId ? actorId : (Guid?)null,
                actor = isId ? null : Anywhere(filter.Actor),
                subject = NullIfEmpty(filter.Subject),
                from = filter.From?.ToUniversalTime(),
                to = filter.To?.ToUniversalTime(),
                text = Anywhere(filter.Text),
                cursor,
                most,
            },
            cancellationToken
        );
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>A pattern for a text anywhere, in which nothing of it is a pattern.</summary>
    private static string? Anywhere(string? text) =>
        NullIfEmpty(text) is not { } wanted
            ? null
            : "%"
                + wanted
                    .Replace(@"\", @"\\", StringComparison.Ordinal)
                    .Replace("%", @"\%", StringComparison.Ordinal)
                    .Replace("_", @"\_", StringComparison.Ordinal)
                + "%";
}
