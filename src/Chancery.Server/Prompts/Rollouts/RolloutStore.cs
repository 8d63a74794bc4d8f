using Chancery.Evaluation.Rollouts;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>Rollouts and what happened to them.</summary>
internal static class RolloutStore
{
    private const string Columns = """
        SELECT rollout_id AS id, prompt_id, control, treatment, unit, plan::text AS plan, state, exposure, progress::text AS progress,
               limits::text AS limits, decision::text AS decision, author, created_at, looked_at, ended_at, ended_by, reason
        FROM prompt_rollouts WHERE tenant_id = @tenant
        """;

    private const string RunningSql = Columns + " AND prompt_id = @id AND state = 'running' FOR UPDATE";

    private const string TakeSql = Columns + " AND rollout_id = @id AND state = 'running' FOR UPDATE SKIP LOCKED";

    private const string ListSql =
        Columns
        + " AND prompt_id = @id AND (@after::uuid IS NULL OR rollout_id < @after) ORDER BY rollout_id DESC LIMIT @most";

    private const string AllSql =
        Columns + " AND (@after::uuid IS NULL OR rollout_id > @after) ORDER BY rollout_id LIMIT @most";

    private const string HarmedSql = """
        SELECT rollout_id FROM prompt_rollouts
        WHERE tenant_id = @tenant AND prompt_id = @id AND treatment = @version AND state IN ('rolled_back', 'killed')
        ORDER BY rollout_id DESC LIMIT 1
        """;

    private const string AddSql = """
        INSERT INTO prompt_rollouts (tenant_id, rollout_id, prompt_id, control, treatment, unit, plan, exposure, progress, limits, author_id,
                                     author, created_at, looked_at)
        VALUES (@tenant, @id, @prompt, @control, @treatment, @unit, @plan::jsonb, @exposure, @progress::jsonb, @limits::jsonb, @authorId,
                @author, @now, @now)
        """;

    private const string SaveSql = """
        UPDATE prompt_rollouts
        SET state = @state, exposure = @exposure, progress = @progress::jsonb, limits = @limits::jsonb, decision = @decision::jsonb,
            looked_at = @looked, ended_at = @ended, ended_by = @endedBy, reason = @reason
        WHERE tenant_id = @tenant AND rollout_id = @id
        """;

    private const string EventSql = """
        INSERT INTO prompt_rollout_events (tenant_id, rollout_id, number, kind, exposure, content, created_at)
        SELECT @tenant, @id, 1 + coalesce(max(e.number), 0), @kind, @exposure, jsonb_build_object('by', @by::text, 'why', @why::text), @now
        FROM prompt_rollout_events AS e WHERE e.tenant_id = @tenant AND e.rollout_id = @id
        """;

    private const string EventsSql = """
        SELECT number, kind, exposure, content ->> 'by' AS by, content ->> 'why' AS why, created_at
        FROM prompt_rollout_events WHERE tenant_id = @tenant AND rollout_id = @id ORDER BY number
        """;

    /// <summary>The rollout that is running for a prompt, held until the session ends.</summary>
    public static async Task<Rollout?> RunningAsync(
        TenantSession session,
        Guid prompt,
        CancellationToken cancellationToken
    ) =>
        (
            await session.FindAsync<Row>(
                RunningSql,
                new { tenant = session.Tenant.Value, id = prompt },
                cancellationToken
            )
        )?.ToRollout();

    /// <summary>A rollout that is running, held until the session ends; null when it has ended, or another server holds it.</summary>
    public static async Task<Rollout?> TakeAsync(
        TenantSession session,
        Guid rollout,
        CancellationToken cancellationToken
    ) =>
        (
            await session.FindAsync<Row>(
                TakeSql,
                new { tenant = session.Tenant.Value, id = rollout },
                cancellationToken
            )
        )?.ToRollout();

    /// <summary>Newest first, those before <paramref name="after"/>.</summary>
    public static async Task<IReadOnlyList<Rollout>> ListAsync(
        TenantSession session,
        Guid prompt,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<Row>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                id = prompt,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToRollout())];
    }

    /// <summary>Rows of all prompts as they are stored, those after <paramref name="after"/>, by id.</summary>
    public static Task<IReadOnlyList<Row>> RowsAsync(
        TenantSession session,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<Row>(
            AllSql,
            new
            {
                tenant = session.Tenant.Value,
                after,
                most,
            },
            cancellationToken
        );

    /// <summary>Whether this version was turned back before.</summary>
    public static async Task<bool> WasHarmfulAsync(
        TenantSession session,
        Guid prompt,
        int version,
        CancellationToken cancellationToken
    ) =>
        await session.FindAsync<Guid?>(
            HarmedSql,
            new
            {
                tenant = session.Tenant.Value,
                id = prompt,
                version,
            },
            cancellationToken
        )
            is not null;

    public static Task<int> AddAsync(
        TenantSession session,
        Rollout rollout,
        Guid author,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            AddSql,
            new
            {
                tenant = session.Tenant.Value,
                id = rollout.Id,
                prompt = rollout.PromptId,
                control = rollout.Control,
                treatment = rollout.Treatment,
                unit = rollout.Unit,
                plan = RolloutJson.Write(rollout.Plan),
                exposure = rollout.Exposure,
                progress = RolloutJson.Write(rollout.Progress),
                limits = RolloutJson.Write(rollout.Limits),
                authorId = author,
                author = rollout.Author,
                now = rollout.CreatedAt,
            },
            cancellationToken
        );

    /// <summary>Puts a rollout in the place of what is stored. The caller holds its row.</summary>
    public static Task<int> SaveAsync(TenantSession session, Rollout rollout, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            SaveSql,
            new
            {
                tenant = session.Tenant.Value,
                id = rollout.Id,
                state = rollout.State,
                exposure = rollout.Exposure,
                progress = RolloutJson.Write(rollout.Progress),
                limits = RolloutJson.Write(rollout.Limits),
                decision = rollout.Decision is { } decision ? RolloutJson.Write(decision) : null,
                looked = rollout.LookedAt,
                ended = rollout.EndedAt,
                endedBy = rollout.EndedBy,
                reason = rollout.Reason,
            },
            cancellationToken
        );

    /// <summary>Writes down what happened. The caller holds the rollout's row, or has just made it.</summary>
    public static Task<int> TellAsync(
        TenantSession session,
        Rollout rollout,
        string kind,
        string? by,
        string? why,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            EventSql,
            new
            {
                tenant = session.Tenant.Value,
                id = rollout.Id,
                kind,
                exposure = rollout.Exposure,
                by,
                why,
                now,
            },
            cancellationToken
        );

    /// <summary>Oldest first.</summary>
    public static async Task<IReadOnlyList<RolloutEvent>> EventsAsync(
        TenantSession session,
        Guid rollout,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<EventRow>(
            EventsSql,
            new { tenant = session.Tenant.Value, id = rollout },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new RolloutEvent(
                row.Number,
                row.Kind,
                row.Exposure / 100.0,
                row.By,
                row.Why,
                row.CreatedAt
            )),
        ];
    }

    /// <summary>A rollout before its plan and its progress are read.</summary>
    internal sealed class Row
    {
        public Guid Id { get; init; }

        public Guid PromptId { get; init; }

        public int Control { get; init; }

        public int Treatment { get; init; }

        public string Unit { get; init; } = "";

        public string Plan { get; init; } = "{}";

        public string State { get; init; } = "";

        public int Exposure { get; init; }

        public string Progress { get; init; } = "{}";

        public string Limits { get; init; } = "{}";

        public string? Decision { get; init; }

        public string Author { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset LookedAt { get; init; }

        public DateTimeOffset? EndedAt { get; init; }

        public string? EndedBy { get; init; }

        public string? Reason { get; init; }

        public Rollout ToRollout()
        {
            var plan = RolloutJson.Read<RolloutPlan>(Plan);
            var progress = RolloutJson.Read<RolloutProgress>(Progress);
            if (State == RolloutState.Running)
            {
                plan = plan.Completed();
                progress = progress.CompletedFor(plan);
            }

            return new(
                Id,
                PromptId,
                Control,
                Treatment,
                Unit,
                plan,
                State,
                Exposure,
                progress,
                RolloutJson.Read<RolloutLimits>(Limits),
                Decision is null ? null : RolloutJson.Read<RolloutDecision>(Decision),
                Author,
                CreatedAt,
                LookedAt,
                EndedAt,
                EndedBy,
                Reason
            );
        }
    }

    private sealed class EventRow
    {
        public int Number { get; init; }

        public string Kind { get; init; } = "";

        public int Exposure { get; init; }

        public string? By { get; init; }

        public string? Why { get; init; }

        public DateTimeOffset CreatedAt { get; init; }
    }
}
