using Chancery.Evaluation.Rollouts;
using Chancery.Server.Prompts.Rollouts;
using Dapper;
using Npgsql;

namespace Chancery.Server.Prompts.Releases;

/// <summary>
/// The SQL of releases. They belong to no organisation; of uses, only sums over all organisations come back. Each method runs in its
/// caller's transaction.
/// </summary>
internal static class ReleaseStore
{
    // "chanpr" in ASCII, with a number: nobody else's lock.
    private const long AdvisoryLock = 0x6368616e70720001;

    private const string Columns = """
        SELECT r.release_id AS id, r.prompt_id, encode(r.sha256, 'hex') AS sha256, r.content, encode(r.former_sha256, 'hex') AS former_sha256,
               f.content AS former_content, r.state, r.plan::text AS plan, r.exposure, r.progress::text AS progress, r.limits::text AS limits,
               r.decision::text AS decision, r.created_at, r.shipped_at, r.begun_at, r.looked_at, r.ended_at, r.ended_by, r.reason
        FROM prompt_releases AS r
        LEFT JOIN prompt_releases AS f ON f.prompt_id = r.prompt_id AND f.sha256 = r.former_sha256
        """;

    private const string FindSql = Columns + " WHERE r.release_id = @id FOR UPDATE OF r";

    // A server that looks at the same moment passes over it.
    private const string TakeSql =
        Columns + " WHERE r.release_id = @id AND r.state = 'running' FOR UPDATE OF r SKIP LOCKED";

    private const string OfPromptSql =
        Columns + " WHERE r.prompt_id = @prompt ORDER BY r.shipped_at DESC, r.release_id DESC";

    private const string ListSql =
        Columns + " WHERE @after::uuid IS NULL OR r.release_id < @after ORDER BY r.release_id DESC LIMIT @most";

    private const string RunningSql = """
        SELECT r.release_id
        FROM prompt_releases AS r
        JOIN unnest(@prompts::uuid[], @hashes::text[]) AS own (prompt_id, sha256)
          ON own.prompt_id = r.prompt_id AND decode(own.sha256, 'hex') = r.sha256
        WHERE r.state = 'running'
        ORDER BY r.release_id
        """;

    private const string AddSql = """
        INSERT INTO prompt_releases (release_id, prompt_id, sha256, content, former_sha256, state, plan, exposure, progress, limits,
                                     created_at, shipped_at, begun_at, looked_at, ended_at, ended_by, reason)
        VALUES (@id, @prompt, decode(@sha256, 'hex'), @content, decode(@former, 'hex'), @state, @plan::jsonb, @exposure, @progress::jsonb,
                @limits::jsonb, @now, @now, @now, @now, @ended, NULL, @reason)
        """;

    private const string ShippedSql = "UPDATE prompt_releases SET shipped_at = @now WHERE release_id = @id";

    private const string SaveSql = """
        UPDATE prompt_releases
        SET state = @state, exposure = @exposure, progress = @progress::jsonb, limits = @limits::jsonb, decision = @decision::jsonb,
            begun_at = @begun, looked_at = @looked, ended_at = @ended, ended_by = @endedBy, reason = @reason
        WHERE release_id = @id
        """;

    private const string CountSql = """
        SELECT is_treated, uses, errors, answered, faulty, guarded, timed, slow_uses AS slow, priced, dear_uses AS dear, judged, low
        FROM door_count_release(@id, @slow, @dear)
        """;

    private const string RatingsSql = "SELECT is_treated, rated, down FROM door_count_release_ratings(@id)";

    private const string RecentSql = """
        SELECT is_treated, uses, errors, answered, faulty, guarded FROM door_recent_release(@id, @since)
        """;

    private const string LimitsSql = "SELECT uses, latency_ms, cost_nano FROM door_release_limits(@id, @slow, @dear)";

    /// <summary>Until the transaction ends nobody else begins a release.</summary>
    public static Task LockAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(
            Command(transaction, $"SELECT pg_advisory_xact_lock({AdvisoryLock})", null, cancellationToken)
        );

    /// <summary>All of a prompt, those that a server shipped last first.</summary>
    public static async Task<IReadOnlyList<PromptRelease>> OfPromptAsync(
        NpgsqlTransaction transaction,
        Guid prompt,
        CancellationToken cancellationToken
    ) => await ManyAsync(transaction, OfPromptSql, new { prompt }, cancellationToken);

    /// <summary>Newest first, those before <paramref name="after"/>.</summary>
    public static async Task<IReadOnlyList<PromptRelease>> ListAsync(
        NpgsqlTransaction transaction,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    ) => await ManyAsync(transaction, ListSql, new { after, most }, cancellationToken);

    /// <summary>Waits for its row, and holds it.</summary>
    public static async Task<PromptRelease?> FindAsync(
        NpgsqlTransaction transaction,
        Guid id,
        CancellationToken cancellationToken
    ) => (await ManyAsync(transaction, FindSql, new { id }, cancellationToken)).SingleOrDefault();

    /// <summary>One that runs, and holds its row; null where it does not run, or somebody else holds it.</summary>
    public static async Task<PromptRelease?> TakeAsync(
        NpgsqlTransaction transaction,
        Guid id,
        CancellationToken cancellationToken
    ) => (await ManyAsync(transaction, TakeSql, new { id }, cancellationToken)).SingleOrDefault();

    /// <summary>Those of a server's own words that are rolled out.</summary>
    public static async Task<IReadOnlyList<Guid>> RunningAsync(
        NpgsqlConnection connection,
        IReadOnlyList<ShippedWords> own,
        CancellationToken cancellationToken
    ) =>
        (
            await connection.QueryAsync<Guid>(
                new CommandDefinition(
                    RunningSql,
                    new
                    {
                        prompts = own.Select(words => words.PromptId).ToArray(),
                        hashes = own.Select(words => words.Sha256).ToArray(),
                    },
                    cancellationToken: cancellationToken
                )
            )
        ).AsList();

    public static Task AddAsync(
        NpgsqlTransaction transaction,
        PromptRelease release,
        CancellationToken cancellationToken
    ) =>
        transaction.Connection!.ExecuteAsync(
            Command(
                transaction,
                AddSql,
                new
                {
                    id = release.Id,
                    prompt = release.PromptId,
                    sha256 = release.Sha256,
                    content = release.Content,
                    former = release.FormerSha256,
                    state = release.State,
                    plan = RolloutJson.Write(release.Plan),
                    exposure = release.Exposure,
                    progress = RolloutJson.Write(release.Progress),
                    limits = RolloutJson.Write(release.Limits),
                    now = release.CreatedAt,
                    ended = release.EndedAt,
                    reason = release.Reason,
                },
                cancellationToken
            )
        );

    /// <summary>Writes down that a server that ships these words started, and others were shipped last.</summary>
    public static Task ShippedAsync(
        NpgsqlTransaction transaction,
        Guid id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => transaction.Connection!.ExecuteAsync(Command(transaction, ShippedSql, new { id, now }, cancellationToken));

    /// <summary>Puts a release in the place of what is stored. The caller holds its row.</summary>
    public static Task SaveAsync(
        NpgsqlTransaction transaction,
        PromptRelease release,
        CancellationToken cancellationToken
    ) =>
        transaction.Connection!.ExecuteAsync(
            Command(
                transaction,
                SaveSql,
                new
                {
                    id = release.Id,
                    state = release.State,
                    exposure = release.Exposure,
                    progress = RolloutJson.Write(release.Progress),
                    limits = RolloutJson.Write(release.Limits),
                    decision = release.Decision is { } decision ? RolloutJson.Write(decision) : null,
                    begun = release.BegunAt,
                    looked = release.LookedAt,
                    ended = release.EndedAt,
                    endedBy = release.EndedBy,
                    reason = release.Reason,
                },
                cancellationToken
            )
        );

    /// <summary>What both arms showed in all organisations since the last look. It counts as seen when the transaction commits.</summary>
    public static async Task<(ArmCounts Control, ArmCounts Treatment)> NewAsync(
        NpgsqlTransaction transaction,
        PromptRelease release,
        CancellationToken cancellationToken
    )
    {
        var rows = await transaction.Connection!.QueryAsync<RolloutCounts.CountRow>(
            Command(
                transaction,
                CountSql,
                new
                {
                    id = release.Id,
                    slow = release.Limits.LatencyMs,
                    dear = release.Limits.CostNano,
                },
                cancellationToken
            )
        );
        var ratings = await transaction.Connection!.QueryAsync<RolloutCounts.RatingRow>(
            Command(transaction, RatingsSql, new { id = release.Id }, cancellationToken)
        );
        return RolloutCounts.ArmsOf(rows.AsList(), ratings.AsList(), []);
    }

    /// <summary>What both arms showed since a time, for limits that end a rollout at once.</summary>
    public static async Task<(ArmCounts Control, ArmCounts Treatment)> RecentAsync(
        NpgsqlTransaction transaction,
        Guid id,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var rows = await transaction.Connection!.QueryAsync<RolloutCounts.CountRow>(
            Command(transaction, RecentSql, new { id, since }, cancellationToken)
        );
        return RolloutCounts.ArmsOf(rows.AsList(), [], []);
    }

    /// <summary>What slow and dear mean from now on, by the newest uses of the former words in this rollout; unknown while they are few.</summary>
    public static async Task<RolloutLimits> LimitsAsync(
        NpgsqlTransaction transaction,
        PromptRelease release,
        CancellationToken cancellationToken
    )
    {
        var row = await transaction.Connection!.QuerySingleAsync<RolloutCounts.LimitRow>(
            Command(
                transaction,
                LimitsSql,
                new
                {
                    id = release.Id,
                    slow = RolloutCounts.QuantileOf(release.Plan, RolloutMetric.Latency),
                    dear = RolloutCounts.QuantileOf(release.Plan, RolloutMetric.Cost),
                },
                cancellationToken
            )
        );
        return row.ToLimits();
    }

    private static async Task<IReadOnlyList<PromptRelease>> ManyAsync(
        NpgsqlTransaction transaction,
        string sql,
        object arguments,
        CancellationToken cancellationToken
    )
    {
        var rows = await transaction.Connection!.QueryAsync<Row>(
            Command(transaction, sql, arguments, cancellationToken)
        );
        return [.. rows.Select(row => row.ToRelease())];
    }

    private static CommandDefinition Command(
        NpgsqlTransaction transaction,
        string sql,
        object? arguments,
        CancellationToken cancellationToken
    ) => new(sql, arguments, transaction, cancellationToken: cancellationToken);

    private sealed class Row
    {
        public Guid Id { get; init; }

        public Guid PromptId { get; init; }

        public string Sha256 { get; init; } = "";

        public string Content { get; init; } = "";

        public string? FormerSha256 { get; init; }

        public string? FormerContent { get; init; }

        public string State { get; init; } = "";

        public string Plan { get; init; } = "{}";

        public int Exposure { get; init; }

        public string Progress { get; init; } = "{}";

        public string Limits { get; init; } = "{}";

        public string? Decision { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset ShippedAt { get; init; }

        public DateTimeOffset BegunAt { get; init; }

        public DateTimeOffset LookedAt { get; init; }

        public DateTimeOffset? EndedAt { get; init; }

        public string? EndedBy { get; init; }

        public string? Reason { get; init; }

        public PromptRelease ToRelease() =>
            new(
                Id,
                PromptId,
                Sha256,
                Content,
                FormerSha256,
                FormerContent,
                State,
                RolloutJson.Read<RolloutPlan>(Plan),
                Exposure,
                RolloutJson.Read<RolloutProgress>(Progress),
                RolloutJson.Read<RolloutLimits>(Limits),
                Decision is null ? null : RolloutJson.Read<RolloutDecision>(Decision),
                CreatedAt,
                ShippedAt,
                BegunAt,
                LookedAt,
                EndedAt,
                EndedBy,
                Reason
            );
    }
}
