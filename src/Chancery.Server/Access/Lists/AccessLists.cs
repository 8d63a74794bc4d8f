using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Access.Lists;

/// <summary>Whom a list of readers can name.</summary>
public static class ReaderKind
{
    public const string Person = "person";
    public const string Group = "group";
    public const string ServiceAccount = "service_account";
    public const string Key = "key";
}

/// <summary>Whom a list names.</summary>
/// <param name="Email">Of a person; else left out.</param>
public sealed record NamedReader(
    Guid Id,
    [property: OneOf(typeof(ReaderKind))] string Kind,
    string Name,
    string? Email
);

/// <summary>Why somebody may read something.</summary>
public static class ReadingReason
{
    /// <summary>Owners and admins read everything.</summary>
    public const string Role = "role";

    /// <summary>It is open to everybody in the organisation.</summary>
    public const string Everybody = "everybody";

    /// <summary>The list names them.</summary>
    public const string Named = "named";

    /// <summary>The list names a group that they are in.</summary>
    public const string Group = "group";
}

/// <summary>Somebody who may read something, and why.</summary>
/// <param name="Groups">The groups by which they may, where the reason is that.</param>
public sealed record EffectiveReader(
    Guid Id,
    [property: OneOf(typeof(ReaderKind))] string Kind,
    string Name,
    string? Email,
    [property: OneOf(typeof(Role))] string Role,
    [property: OneOf(typeof(ReadingReason))] string Reason,
    IReadOnlyList<string>? Groups
);

/// <summary>
/// Lists of who may read something, whoever's table that is: it keeps a list's id beside the thing. Always in a session of the
/// caller's. Safe for concurrent use.
/// </summary>
public static class AccessLists
{
    /// <summary>A list that names nobody: for owners and admins alone.</summary>
    public static readonly Guid Nobody = Guid.Empty;

    // What nobody else may be: whoever left, or was revoked, is not to be named.
    private const string NameableSql = """
        SELECT m.user_id AS id, 'person' AS kind, u.name, u.email
        FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
        WHERE m.tenant_id = @tenant AND m.status = 'active'
        UNION ALL
        SELECT g.group_id, 'group', g.name, NULL FROM groups AS g WHERE g.tenant_id = @tenant
        UNION ALL
        SELECT a.account_id, 'service_account', a.name, NULL FROM service_accounts AS a WHERE a.tenant_id = @tenant
        UNION ALL
        SELECT k.key_id, 'key', k.name, NULL FROM api_keys AS k WHERE k.tenant_id = @tenant AND k.revoked_at IS NULL

        """;

    private const string KnownSql =
        "SELECT n.id FROM (" + NameableSql + ") AS n WHERE n.id = ANY (@readers) ORDER BY n.id";

    private const string NamesSql =
        "SELECT n.id, n.kind, n.name, n.email FROM ("
        + NameableSql
        + """
            ) AS n
            WHERE n.id IN (SELECT e.reader_id FROM access_entries AS e WHERE e.tenant_id = @tenant AND e.list_id = @list)
            ORDER BY n.kind, lower(n.name), n.id
            """;

    // Lists of one reader are many where lists are used much; those of all are few.
    private const string SameSql = """
        SELECT e.list_id
        FROM access_entries AS e
        WHERE e.tenant_id = @tenant AND e.list_id IN (
          SELECT f.list_id FROM access_entries AS f WHERE f.tenant_id = @tenant AND f.reader_id = @first)
        GROUP BY e.list_id
        HAVING array_agg(e.reader_id ORDER BY e.reader_id) = @readers::uuid[]
        ORDER BY e.list_id
        LIMIT 1
        """;

    // Whoever takes readers out of lists waits, and finds this one.
    private const string LockSql = """
        SELECT reader_id FROM access_entries WHERE tenant_id = @tenant AND list_id = @list ORDER BY reader_id FOR SHARE
        """;

    private const string InsertSql = """
        INSERT INTO access_entries (tenant_id, list_id, reader_id)
        SELECT @tenant, @list, r.id FROM unnest(@readers::uuid[]) AS r(id)
        """;

    private const string RemoveSql = "DELETE FROM access_entries WHERE tenant_id = @tenant AND reader_id = @reader";

    private const string LeaveSql = "DELETE FROM group_members WHERE tenant_id = @tenant AND member_id = @reader";

    private const string AdmitsSql = """
        SELECT EXISTS (
          SELECT 1 FROM unnest(@readers::uuid[]) AS r(id)
          WHERE r.id = ANY (@ids::uuid[]) OR r.id IN (
            SELECT m.group_id FROM group_members AS m WHERE m.tenant_id = @tenant AND m.member_id = ANY (@ids::uuid[])))
        """;

    // A key reads as who made it does, and is a reader of its own only where a list names it.
    private const string ReadersSql = """
        WITH named AS (
          SELECT e.reader_id FROM access_entries AS e WHERE e.tenant_id = @tenant AND e.list_id = @list
        ), principals AS (
          SELECT m.user_id AS id, 'person' AS kind, u.name, u.email, m.role
          FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
          WHERE m.tenant_id = @tenant AND m.status = 'active'
          UNION ALL
          SELECT a.account_id, 'service_account', a.name, NULL, a.role
          FROM service_accounts AS a WHERE a.tenant_id = @tenant AND a.disabled_at IS NULL
          UNION ALL
          SELECT k.key_id, 'key', k.name, NULL, k.role
          FROM api_keys AS k
          WHERE k.tenant_id = @tenant AND k.revoked_at IS NULL AND k.key_id IN (SELECT reader_id FROM named)
        ), judged AS (
          SELECT p.*, ARRAY(
                   SELECT g.name FROM group_members AS m
                   JOIN groups AS g ON g.tenant_id = m.tenant_id AND g.group_id = m.group_id
                   WHERE m.tenant_id = @tenant AND m.member_id = p.id AND m.group_id IN (SELECT reader_id FROM named)
                   ORDER BY g.name) AS groups
          FROM principals AS p
          WHERE @after::uuid IS NULL OR p.id > @after
        ), reasoned AS (
          SELECT j.id, j.kind, j.name, j.email, j.role, j.groups,
                 CASE WHEN j.role IN ('owner', 'admin') THEN 'role'
                      WHEN @list::uuid IS NULL THEN 'everybody'
                      WHEN j.id IN (SELECT reader_id FROM named) THEN 'named'
                      WHEN cardinality(j.groups) > 0 THEN 'group' END AS reason
          FROM judged AS j
        )
        SELECT id, kind, name, email, role, reason, groups FROM reasoned
        WHERE reason IS NOT NULL
        ORDER BY id
        LIMIT @most
        """;

    /// <summary>Whether a list can name all of <paramref name="readers"/>: they are there, have not left, and are the tenant's.</summary>
    public static async Task<bool> KnowsAsync(
        TenantSession session,
        IReadOnlyCollection<Guid> readers,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        var known = await session.QueryAsync<Guid>(
            KnownSql,
            new { tenant = session.Tenant.Value, readers = readers.ToArray() },
            cancellationToken
        );
        return !readers.Except(known).Any();
    }

    /// <summary>The id of a list that names exactly these, made when there is none.</summary>
    public static async Task<Guid> OfAsync(
        TenantSession session,
        IReadOnlyCollection<Guid> readers,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        if (readers.Count == 0)
        {
            return Nobody;
        }

        // As PostgreSQL orders them, which is by their bytes.
        Guid[] sorted = [.. readers.Distinct().OrderBy(id => id.ToString("N"), StringComparer.Ordinal)];
        var tenant = session.Tenant.Value;
        var found = await session.FindAsync<Guid?>(
            SameSql,
            new
            {
                tenant,
                first = sorted[0],
                readers = sorted,
            },
            cancellationToken
        );
        if (found is { } same)
        {
            var held = await session.QueryAsync<Guid>(LockSql, new { tenant, list = same }, cancellationToken);
            if (held.Count == sorted.Length)
            {
                return same;
            }
        }

        var list = Guid.CreateVersion7();
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant,
                list,
                readers = sorted,
            },
            cancellationToken
        );
        return list;
    }

    /// <summary>Whom a list names, of those who are still there.</summary>
    public static Task<IReadOnlyList<NamedReader>> NamesAsync(
        TenantSession session,
        Guid list,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.QueryAsync<NamedReader>(
            NamesSql,
            new { tenant = session.Tenant.Value, list },
            cancellationToken
        );
    }

    /// <summary>Whether a list of <paramref name="readers"/> would let the principal read.</summary>
    public static async Task<bool> AdmitsAsync(
        TenantSession session,
        Principal principal,
        IReadOnlyCollection<Guid> readers,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(principal);
        return principal.Reader.ReadsEverything
            || await session.FindAsync<bool>(
                AdmitsSql,
                new
                {
                    tenant = session.Tenant.Value,
                    readers = readers.ToArray(),
                    ids = new[] { principal.UserId, principal.Id },
                },
                cancellationToken
            );
    }

    /// <summary>Who may read what has this list, or none, and why; by id.</summary>
    public static Task<IReadOnlyList<EffectiveReader>> ReadersAsync(
        TenantSession session,
        Guid? list,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        return ReadAsync();

        async Task<IReadOnlyList<EffectiveReader>> ReadAsync() =>
            [
                .. (
                    await session.QueryAsync<ReaderRow>(
                        ReadersSql,
                        new
                        {
                            tenant = session.Tenant.Value,
                            list,
                            after,
                            most,
                        },
                        cancellationToken
                    )
                ).Select(row => row.View),
            ];
    }

    /// <summary>Takes somebody, or a group, out of all lists and all groups, for good.</summary>
    internal static async Task RemoveReaderAsync(
        TenantSession session,
        Guid reader,
        CancellationToken cancellationToken
    )
    {
        var arguments = new { tenant = session.Tenant.Value, reader };
        await session.ExecuteAsync(LeaveSql, arguments, cancellationToken);
        await session.ExecuteAsync(RemoveSql, arguments, cancellationToken);
    }

    private sealed record ReaderRow
    {
        public required Guid Id { get; init; }
        public required string Kind { get; init; }
        public required string Name { get; init; }
        public string? Email { get; init; }
        public required string Role { get; init; }
        public required string Reason { get; init; }
        public required string[] Groups { get; init; }

        public EffectiveReader View =>
            new(Id, Kind, Name, Email, Role, Reason, Reason == ReadingReason.Group ? Groups : null);
    }
}
