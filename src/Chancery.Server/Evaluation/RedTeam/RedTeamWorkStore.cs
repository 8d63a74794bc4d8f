using Chancery.Evaluation.RedTeam;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Health;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>Runs as their worker sees them: every write holds the work's lease. Safe for concurrent use.</summary>
internal sealed class RedTeamWorkStore(TenantDatabase database, TimeProvider time)
{
    // What several releases worked on says nothing of one of them. Of a run that ended only documents are left.
    private const string BeginSql = """
        UPDATE red_team_runs
        SET state = CASE WHEN state = 'queued' THEN 'running' ELSE state END, started_at = coalesce(started_at, @now),
            server_version = CASE WHEN state = 'queued' THEN @release
                                  WHEN state = 'running' AND server_version <> @release THEN NULL
                                  ELSE server_version END
        WHERE tenant_id = @tenant AND run_id = @id AND cleared_at IS NULL
        RETURNING run_id AS id, starter::text AS starter, model, prompt_version, target, prompt_id, variable,
                  cases::text AS cases, seed, cap_nano, cost_nano,
                  state <> 'running' AS has_ended
        """;

    private const string TriedSql =
        "SELECT number FROM red_team_results WHERE tenant_id = @tenant AND run_id = @id ORDER BY number LIMIT 10000";

    private const string GoesOnSql =
        "SELECT 1 FROM red_team_runs WHERE tenant_id = @tenant AND run_id = @id AND state = 'running'";

    private const string AddSql = """
        INSERT INTO red_team_results (tenant_id, run_id, number, case_id, class, place, is_benign, outcome, question, answer, model, guards,
                                      error, input_tokens, output_tokens, cost_nano, duration_ms, created_at)
        VALUES (@tenant, @id, @number, @caseId, @class, @place, @isBenign, @outcome, @question, @answer, @model, @guards,
                @error, @inputTokens, @outputTokens, @cost, @duration, @now)
        """;

    private const string CountSql = """
        UPDATE red_team_runs
        SET asked = asked + 1, failed = failed + @failed, input_tokens = input_tokens + @inputTokens,
            output_tokens = output_tokens + @outputTokens, cost_nano = cost_nano + @cost
        WHERE tenant_id = @tenant AND run_id = @id
        RETURNING cost_nano, state = 'running' AS goes_on
        """;

    private const string EndSql = """
        UPDATE red_team_runs SET state = @state, failure = @failure, ended_at = @now
        WHERE tenant_id = @tenant AND run_id = @id AND state IN ('queued', 'running')
        """;

    private const string ClearedSql =
        "UPDATE red_team_runs SET cleared_at = @now WHERE tenant_id = @tenant AND run_id = @id";

    /// <summary>Null where nothing is left to do, or it is gone.</summary>
    public async Task<OpenRedTeamRun?> BeginAsync(WorkItem item, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await HoldAsync(item, cancellationToken);
        var row = await session.FindAsync<OpenRedTeamRow>(
            BeginSql,
            new
            {
                tenant = item.Tenant.Value,
                id,
                release = HealthEndpoints.Version,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row?.ToRun();
    }

    /// <summary>Numbers of the cases that have a result.</summary>
    public async Task<IReadOnlySet<int>> TriedAsync(WorkItem item, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        var tried = await session.QueryAsync<int>(TriedSql, new { tenant = item.Tenant.Value, id }, cancellationToken);
        return tried.ToHashSet();
    }

    /// <summary>Whether nobody has ended it.</summary>
    public async Task<bool> GoesOnAsync(WorkItem item, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        return await session.FindAsync<int?>(GoesOnSql, new { tenant = item.Tenant.Value, id }, cancellationToken)
            is not null;
    }

    /// <summary>Keeps a result for good.</summary>
    /// <returns>What the run has cost by now, and whether nobody has ended it.</returns>
    public async Task<(NanoDollars Spent, bool GoesOn)> AddAsync(
        WorkItem item,
        Guid id,
        int number,
        AttackCase attack,
        TriedAttack tried,
        CancellationToken cancellationToken
    )
    {
        await using var session = await HoldAsync(item, cancellationToken);
        await session.ExecuteAsync(
            AddSql,
            new
            {
                tenant = item.Tenant.Value,
                id,
                number,
                caseId = attack.Id,
                @class = AttackJson.NameOf(attack.Class),
                place = AttackJson.NameOf(attack.Place),
                isBenign = attack.IsBenign,
                outcome = AttackJson.NameOf(tried.Outcome),
                question = Storable(tried.Question),
                answer = Storable(tried.Answer),
                model = tried.Model,
                guards = tried.Guards.ToArray(),
                error = tried.Error,
                inputTokens = tried.InputTokens,
                outputTokens = tried.OutputTokens,
                cost = tried.Cost.Value,
                duration = tried.DurationMs,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        var now = await session.FindAsync<CountRow>(
            CountSql,
            new
            {
                tenant = item.Tenant.Value,
                id,
                failed = tried.Outcome == AttackOutcome.Failed ? 1 : 0,
                inputTokens = tried.InputTokens,
                outputTokens = tried.OutputTokens,
                cost = tried.Cost.Value,
            },
            cancellationToken
        );
        await item.ProgressedAsync(session, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return (new NanoDollars(now!.CostNano), now.GoesOn);
    }

    /// <param name="state">One of <see cref="Running.RunState"/>; a run that has ended stays as it is.</param>
    public async Task EndAsync(
        WorkItem item,
        Guid id,
        string state,
        string? failure,
        CancellationToken cancellationToken
    ) =>
        await WriteAsync(
            item,
            EndSql,
            new
            {
                tenant = item.Tenant.Value,
                id,
                state,
                failure,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    /// <summary>Its documents are gone.</summary>
    public async Task ClearedAsync(WorkItem item, Guid id, CancellationToken cancellationToken) =>
        await WriteAsync(
            item,
            ClearedSql,
            new
            {
                tenant = item.Tenant.Value,
                id,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    private async Task WriteAsync(WorkItem item, string sql, object values, CancellationToken cancellationToken)
    {
        await using var session = await HoldAsync(item, cancellationToken);
        await session.ExecuteAsync(sql, values, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private static string Storable(string text)
    {
        var cut = text.Length <= TriedAttack.LongestAnswer ? text : text[..TriedAttack.LongestAnswer] + "…";
        // PostgreSQL takes neither NUL nor half a pair of surrogates.
        return string.Concat(cut.EnumerateRunes().Where(rune => rune.Value != 0).Select(rune => rune.ToString()));
    }

    private async Task<TenantSession> HoldAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(item.Tenant, cancellationToken);
        try
        {
            await item.HoldAsync(session, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private sealed class CountRow
    {
        public long CostNano { get; init; }

        public bool GoesOn { get; init; }
    }
}
