using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Access.Members;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>Whose queries somebody looks at.</summary>
/// <param name="All">Of everybody in the tenant; else only the caller's own.</param>
/// <param name="UserId">Only of this person.</param>
internal sealed record QueryScope(Principal Principal, bool All, Guid? UserId = null)
{
    // A key has its own; a person's are also those of the keys that they made.
    public Guid? OwnKey => !All && Principal.IsKey ? Principal.Id : null;

    public Guid? OwnUser => !All && !Principal.IsKey ? Principal.UserId : UserId;
}

/// <summary>Which queries a list shows. Null lets everything through.</summary>
/// <param name="Words">What stands in the query.</param>
/// <param name="From">Asked then or later, to the millisecond.</param>
/// <param name="To">Asked before.</param>
/// <param name="NoHits">Whether only those that found nothing.</param>
internal sealed record QueryFilter(
    string? Words,
    DateTimeOffset? From,
    DateTimeOffset? To,
    string? Engine,
    string? Mode,
    bool NoHits
);

/// <summary>The SQL of the query log. Safe for concurrent use.</summary>
internal sealed class QueryStore(TenantDatabase database)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private const string InsertSql = """
        INSERT INTO search_queries (tenant_id, query_id, principal_id, user_id, source, query, wish, mode, engine, note,
                                    results, stages, total_ms, created_at)
        SELECT @tenant, q.query_id, q.principal_id, q.user_id, q.source, q.query, q.wish::jsonb, q.mode, q.engine, q.note,
               q.results::jsonb, q.stages::jsonb, q.total_ms, q.created_at
        FROM unnest(@ids, @principals, @users, @sources, @queries, @wishes, @modes, @engines, @notes, @results, @stages,
                    @totals, @times)
          AS q (query_id, principal_id, user_id, source, query, wish, mode, engine, note, results, stages, total_ms,
                created_at)
        ON CONFLICT DO NOTHING
        """;

    private const string OfScopeSql = """
        tenant_id = @tenant
          AND (@principal::uuid IS NULL OR principal_id = @principal)
          AND (@user::uuid IS NULL OR user_id = @user)

        """;

    private const string ColumnsSql = """
        query_id, principal_id, user_id, source, query, wish::text AS wish, mode, engine, note, results::text AS results,
        stages::text AS stages, total_ms, created_at

        """;

    // What had filters or found nothing asked for something else. Upper and lower case are the same question.
    private const string PopularSql = """
        SELECT mode() WITHIN GROUP (ORDER BY query)
        FROM search_queries
        WHERE tenant_id = @tenant AND created_at >= @since AND length(query) BETWEEN 1 AND 4000
          AND jsonb_array_length(results) > 0
          AND NOT jsonb_exists_any(wish, ARRAY['documents', 'tags', 'collections', 'from', 'to', 'threshold'])
        GROUP BY lower(btrim(query))
        HAVING count(DISTINCT user_id) >= @askers
        ORDER BY count(DISTINCT user_id) DESC, count(*) DESC, lower(btrim(query))
        LIMIT @most
        """;

    private const string TopSql =
        "SELECT mode() WITHIN GROUP (ORDER BY query) AS query, count(*) AS times, count(DISTINCT user_id) AS people "
        + "FROM search_queries WHERE "
        + OfScopeSql
        + """
            AND query_id >= @first AND length(query) BETWEEN 1 AND 4000
            GROUP BY lower(btrim(query))
            ORDER BY count(*) DESC, count(DISTINCT user_id) DESC, lower(btrim(query))
            LIMIT @most
            """;

    private const string ListSql =
        "SELECT "
        + ColumnsSql
        + "FROM search_queries WHERE "
        + OfScopeSql
        + """
            AND (@after::uuid IS NULL OR query_id < @after)
            AND (@first::uuid IS NULL OR query_id >= @first)
            AND (@end::uuid IS NULL OR query_id < @end)
            AND (@words::text IS NULL OR position(lower(@words) IN lower(query)) > 0)
            AND (@engine::text IS NULL OR engine = @engine)
            AND (@mode::text IS NULL OR mode = @mode)
            AND (NOT @noHits OR jsonb_array_length(results) = 0)
            ORDER BY query_id DESC
            LIMIT @most
            """;

    private const string FindSql =
        "SELECT " + ColumnsSql + "FROM search_queries WHERE " + OfScopeSql + "AND query_id = @id";

    private const string TitlesSql = """
        SELECT document_id, title FROM documents
        WHERE tenant_id = @tenant AND document_id = ANY (@documents) AND deleted_at IS NULL
        ORDER BY document_id
        """;

    private const string DeleteSql =
        "DELETE FROM search_queries WHERE " + OfScopeSql + "AND (@id::uuid IS NULL OR query_id = @id)";

    private const string EraseSql = """
        DELETE FROM search_queries WHERE tenant_id = @tenant AND user_id = @userId
        """;

    private const string ExpireSql = """
        DELETE FROM search_queries WHERE tenant_id = @tenant AND query_id < @before
        """;

    /// <summary>What most people searched for, without saying who.</summary>
    public async Task<IReadOnlyList<string>> PopularAsync(
        TenantId tenant,
        DateTimeOffset since,
        int askers,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return
        [
            .. await session.QueryAsync<string>(
                PopularSql,
                new
                {
                    tenant = tenant.Value,
                    since,
                    askers,
                    most,
                },
                cancellationToken
            ),
        ];
    }

    /// <summary>What was searched for most, with how often.</summary>
    public async Task<IReadOnlyList<TopQuery>> TopAsync(
        QueryScope scope,
        DateTimeOffset since,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(scope.Principal, cancellationToken);
        return
        [
            .. await session.QueryAsync<TopQuery>(
                TopSql,
                new
                {
                    tenant = scope.Principal.Tenant.Value,
                    principal = scope.OwnKey,
                    user = scope.OwnUser,
                    first = FirstIdOf(since),
                    most,
                },
                cancellationToken
            ),
        ];
    }

    /// <summary>
    /// Writes queries of one tenant down in one statement; one that is there already is left alone, and those of people who are
    /// no members any more are not written.
    /// </summary>
    public async Task AddAsync(
        TenantId tenant,
        IReadOnlyCollection<LoggedQuery> queries,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        Guid[] users = [.. queries.Select(query => query.UserId).Distinct()];
        var members = await MemberStore.HoldAsync(session, users, cancellationToken);
        queries = [.. queries.Where(query => members.Contains(query.UserId))];
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                ids = queries.Select(query => query.QueryId).ToArray(),
                principals = queries.Select(query => query.PrincipalId).ToArray(),
                users = queries.Select(query => query.UserId).ToArray(),
                sources = queries.Select(query => query.Source).ToArray(),
                queries = queries.Select(query => query.Query).ToArray(),
                wishes = queries.Select(query => JsonSerializer.Serialize(query.Wish, Json)).ToArray(),
                modes = queries.Select(query => query.Mode).ToArray(),
                engines = queries.Select(query => query.Engine).ToArray(),
                notes = queries.Select(query => query.Note).ToArray(),
                results = queries.Select(query => JsonSerializer.Serialize(query.Results, Json)).ToArray(),
                stages = queries.Select(query => JsonSerializer.Serialize(query.Stages, Json)).ToArray(),
                totals = queries.Select(query => query.TotalMs).ToArray(),
                times = queries.Select(query => query.CreatedAt).ToArray(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<QueryRow>> ListAsync(
        QueryScope scope,
        QueryFilter filter,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(scope.Principal, cancellationToken);
        return await session.QueryAsync<QueryRow>(
            ListSql,
            new
            {
                tenant = scope.Principal.Tenant.Value,
                principal = scope.OwnKey,
                user = scope.OwnUser,
                words = filter.Words,
                first = filter.From is { } from ? FirstIdOf(from) : (Guid?)null,
                end = filter.To is { } to ? FirstIdOf(to) : (Guid?)null,
                engine = filter.Engine,
                mode = filter.Mode,
                noHits = filter.NoHits,
                after,
                most,
            },
            cancellationToken
        );
    }

    /// <summary>Null for one that is not there, or not in the scope; with what its documents are called now.</summary>
    public async Task<(QueryRow Query, IReadOnlyDictionary<Guid, string> Titles)?> FindAsync(
        QueryScope scope,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(scope.Principal, cancellationToken);
        var arguments = new
        {
            tenant = scope.Principal.Tenant.Value,
            principal = scope.OwnKey,
            user = scope.OwnUser,
            id,
        };
        if (await session.FindAsync<QueryRow>(FindSql, arguments, cancellationToken) is not { } row)
        {
            return null;
        }

        var titles = await session.QueryAsync<TitleRow>(
            TitlesSql,
            new
            {
                tenant = scope.Principal.Tenant.Value,
                documents = row.Found.Select(passage => passage.DocumentId).Distinct().ToArray(),
            },
            cancellationToken
        );
        return (row, titles.ToDictionary(title => title.DocumentId, title => title.Title));
    }

    /// <summary>Deletes one, or all of the scope, for good; answers how many there were.</summary>
    public async Task<int> DeleteAsync(QueryScope scope, Guid? id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(scope.Principal, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var deleted = await session.ExecuteAsync(
            DeleteSql,
            new
            {
                tenant = scope.Principal.Tenant.Value,
                principal = scope.OwnKey,
                user = scope.OwnUser,
                id,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return deleted;
    }

    /// <summary>Erases all of one person's, and of the keys that they made.</summary>
    public static Task EraseOfUserAsync(TenantSession session, Guid userId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(EraseSql, new { tenant = session.Tenant.Value, userId }, cancellationToken);

    /// <summary>Deletes what is older, and answers how many there were.</summary>
    public async Task<int> ExpireAsync(TenantId tenant, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var expired = await session.ExecuteAsync(
            ExpireSql,
            new { tenant = tenant.Value, before = FirstIdOf(before) },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return expired;
    }

    /// <summary>The least id that a query of that moment can have: 48 bits of milliseconds, then nothing.</summary>
    private static Guid FirstIdOf(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(
            bytes,
            Math.Max(0, time.ToUnixTimeMilliseconds()) << 16
        );
        return new Guid(bytes, bigEndian: true);
    }

    private sealed record TitleRow(Guid DocumentId, string Title);

    internal sealed record QueryRow
    {
        public required Guid QueryId { get; init; }
        public required Guid PrincipalId { get; init; }
        public required Guid UserId { get; init; }
        public required string Source { get; init; }
        public required string Query { get; init; }
        public required string Wish { get; init; }
        public required string Mode { get; init; }
        public required string Engine { get; init; }
        public string? Note { get; init; }
        public required string Results { get; init; }
        public required string Stages { get; init; }
        public required double TotalMs { get; init; }
        public required DateTimeOffset CreatedAt { get; init; }

        public QueryWish Wanted => JsonSerializer.Deserialize<QueryWish>(Wish, Json)!;

        public IReadOnlyList<LoggedPassage> Found => JsonSerializer.Deserialize<LoggedPassage[]>(Results, Json)!;

        public QueryView View =>
            new(
                QueryId,
                Query,
                Wanted,
                Source,
                Mode,
                Engine,
                Note,
                JsonSerializer.Deserialize<Dictionary<string, double>>(Stages, Json)!,
                TotalMs,
                Found.Count,
                UserId,
                PrincipalId == UserId ? null : PrincipalId,
                CreatedAt
            );
    }
}
