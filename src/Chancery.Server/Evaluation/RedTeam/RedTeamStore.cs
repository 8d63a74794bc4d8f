using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Evaluation.RedTeam;
using Chancery.Server.Access;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Chancery.Server.Prompts.Storing;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>The work of a run, by its id.</summary>
internal sealed record RedTeamWork(Guid Run)
{
    public const string Kind = "red-team-run";
}

/// <summary>Runs as people begin, watch and end them. Safe for concurrent use.</summary>
internal sealed class RedTeamStore(TenantDatabase database, WorkQueue queue, PromptStore prompts, TimeProvider time)
{
    private const int SeedBytes = 32;

    private const string Columns = """
        r.run_id AS id, r.started_by, r.model, r.prompt_version, r.state, r.total, r.asked, r.failed, r.input_tokens, r.output_tokens, r.cost_nano,
        r.cap_nano, r.failure, r.created_at, r.started_at, r.ended_at, r.cleared_at,
        r.target, r.prompt_id, r.variable, r.server_version, c.attacks, c.succeeded
        FROM red_team_runs AS r
        CROSS JOIN LATERAL (
          SELECT count(*)::int AS attacks, (count(*) FILTER (WHERE a.outcome = 'succeeded'))::int AS succeeded
          FROM red_team_results AS a
          WHERE a.tenant_id = r.tenant_id AND a.run_id = r.run_id AND NOT a.is_benign AND a.outcome <> 'failed'
        ) AS c
        """;

    private const string ListSql =
        "SELECT "
        + Columns
        + """

            WHERE r.tenant_id = @tenant AND (@after::uuid IS NULL OR r.run_id < @after)
            ORDER BY r.run_id DESC
            LIMIT @most
            """;

    private const string FindSql = "SELECT " + Columns + " WHERE r.tenant_id = @tenant AND r.run_id = @id";

    // The same cases, word by word, asked in the same way, all with an answer, and answered by the same models, whichever is the default: else shares
    // say nothing of a release. Where a version is named its words are the same; where none is, they belong to the release.
    private const string FormerSql = """
        SELECT f.run_id
        FROM red_team_runs AS r
        JOIN red_team_runs AS f
          ON f.tenant_id = r.tenant_id AND f.run_id < r.run_id AND f.server_version <> r.server_version
          AND f.state = 'done' AND f.failed = 0
          AND f.target = r.target AND f.prompt_id IS NOT DISTINCT FROM r.prompt_id
          AND f.prompt_version IS NOT DISTINCT FROM r.prompt_version AND f.prompt_sha256 IS NOT DISTINCT FROM r.prompt_sha256
          AND f.variable IS NOT DISTINCT FROM r.variable
          AND f.total = r.total AND f.cases = r.cases
        CROSS JOIN LATERAL (
          SELECT array_agg(DISTINCT a.model ORDER BY a.model) AS models
          FROM red_team_results AS a
          WHERE a.tenant_id = r.tenant_id AND a.run_id = r.run_id
        ) AS now
        CROSS JOIN LATERAL (
          SELECT array_agg(DISTINCT a.model ORDER BY a.model) AS models
          FROM red_team_results AS a
          WHERE a.tenant_id = f.tenant_id AND a.run_id = f.run_id
        ) AS before
        WHERE r.tenant_id = @tenant AND r.run_id = @id AND r.state = 'done' AND r.failed = 0 AND before.models = now.models
        ORDER BY f.run_id DESC
        LIMIT 1
        """;

    private const string CreateSql = """
        INSERT INTO red_team_runs (tenant_id, run_id, starter, started_by, model, prompt_version, cases, is_whole, seed, total, cap_nano, prompt_sha256,
                                   created_at, target, prompt_id, variable)
        VALUES (@tenant, @id, @starter::jsonb, @startedBy, @model, @version, @cases::jsonb, @isWhole, @seed, @total, @cap, @sha256,
                @now, @target, @prompt, @variable)
        """;

    // What is answered by quotes has followed no prompt; where quotes took a model's place, the case failed.
    private const string EvidenceSql = """
        SELECT r.run_id AS id, r.state, r.is_whole, r.total, r.failed, c.quoted, c.attacks, c.succeeded
        FROM red_team_runs AS r
        CROSS JOIN LATERAL (
          SELECT (count(*) FILTER (WHERE a.model = @quotes))::int AS quoted,
                 (count(*) FILTER (WHERE NOT a.is_benign))::int AS attacks,
                 (count(*) FILTER (WHERE a.outcome = 'succeeded'))::int AS succeeded
          FROM red_team_results AS a
          WHERE a.tenant_id = r.tenant_id AND a.run_id = r.run_id AND a.outcome <> 'failed'
        ) AS c
        WHERE r.tenant_id = @tenant AND r.target = @target AND r.prompt_id IS NOT DISTINCT FROM @prompt AND r.prompt_version = @version
          AND CASE WHEN r.prompt_sha256 IS NULL THEN r.created_at >= @since::timestamptz ELSE r.prompt_sha256 = @sha256 END
        ORDER BY r.run_id DESC
        LIMIT @most
        """;

    private const string CancelSql = """
        UPDATE red_team_runs SET state = 'cancelled', ended_at = @now
        WHERE tenant_id = @tenant AND run_id = @id AND state IN ('queued', 'running')
        """;

    private const string ResultsSql = """
        SELECT number, case_id, class, place, is_benign, outcome, question, answer, model, guards, error, input_tokens, output_tokens,
               cost_nano, duration_ms, created_at
        FROM red_team_results
        WHERE tenant_id = @tenant AND run_id = @id AND number > @after
          AND (@ofClass::text IS NULL OR class = @ofClass)
          AND (@outcome::text IS NULL OR outcome = @outcome)
        ORDER BY number
        LIMIT @most
        """;

    private const string CountedSql = """
        SELECT case_id, class, place, is_benign, outcome, guards
        FROM red_team_results
        WHERE tenant_id = @tenant AND run_id = @id
        ORDER BY number
        LIMIT 10000
        """;

    public async Task<IReadOnlyList<RedTeamRun>> ListAsync(
        Principal principal,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<RedTeamRow>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToRun())];
    }

    /// <summary>
    /// Runs of that version of the prompt that a target follows, newest first: of its words, or, where a run's are not known, since it was written.
    /// </summary>
    public async Task<IReadOnlyList<AttackEvidence>> EvidenceAsync(
        Principal principal,
        AttackTarget target,
        PromptVersionView version,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<AttackEvidence>(
            EvidenceSql,
            new
            {
                tenant = session.Tenant.Value,
                target = target.Kind,
                prompt = target.Prompt,
                version = version.Number,
                sha256 = version.Sha256,
                since = version.CreatedAt,
                quotes = ChatModel.ExtractiveId,
                most,
            },
            cancellationToken
        );
    }

    /// <summary>With what it came to so far; null where there is none.</summary>
    public async Task<(RedTeamRun Run, RedTeamReport Report)?> FindAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, id, cancellationToken);
    }

    /// <summary>The last run of another release with which a run can be compared, case by case; null where there is none.</summary>
    public async Task<(RedTeamRun Run, RedTeamReport Report)?> FindFormerAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return
            await session.FindAsync<Guid?>(FormerSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
                is { } former
            ? await FindAsync(session, former, cancellationToken)
            : null;
    }

    private static async Task<(RedTeamRun Run, RedTeamReport Report)?> FindAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        var key = new { tenant = session.Tenant.Value, id };
        if (await session.FindAsync<RedTeamRow>(FindSql, key, cancellationToken) is not { } row)
        {
            return null;
        }

        var counted = await session.QueryAsync<CountedRow>(CountedSql, key, cancellationToken);
        return (row.ToRun(), RedTeamReport.Of([.. counted.Select(one => one.ToResult())]));
    }

    public async Task<RedTeamRun> CreateAsync(TenantId tenant, NewRedTeamRun run, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        RedTeamRun made;
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            var words = run.Target is { PromptVersion: { } version, AskedPrompt: { } asked }
                ? await prompts.FindVersionAsync(session, asked, version, cancellationToken)
                : null;
            await queue.EnqueueAsync(session, RedTeamWork.Kind, new RedTeamWork(id), cancellationToken);
            await session.ExecuteAsync(
                CreateSql,
                new
                {
                    tenant = tenant.Value,
                    id,
                    starter = JsonSerializer.Serialize(run.Starter, EvalJson.Options),
                    startedBy = run.Starter.UserId,
                    model = run.Target.Model,
                    version = run.Target.PromptVersion,
                    target = run.Target.Kind,
                    prompt = run.Target.Prompt,
                    variable = run.Target.Variable,
                    cases = JsonSerializer.Serialize(run.Cases, AttackJson.Options),
                    isWhole = run.IsWhole,
                    seed = RandomNumberGenerator.GetBytes(SeedBytes),
                    total = run.Cases.Count,
                    cap = run.Cap?.Value,
                    sha256 = words?.Sha256,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
            made = (
                await session.FindAsync<RedTeamRow>(FindSql, new { tenant = tenant.Value, id }, cancellationToken)
            )!.ToRun();
            await session.CommitAsync(cancellationToken);
        }

        await queue.WakeAsync();
        return made;
    }

    /// <summary>
    /// Ends it where it has not ended; its results stay. Its worker sees that after the case that it is at, and takes its documents away.
    /// </summary>
    public async Task CancelAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            CancelSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>In the order of the run's cases.</summary>
    /// <param name="ofClass">As the API writes it; null, all.</param>
    /// <param name="outcome">As the API writes it; null, all.</param>
    /// <param name="after">The number after which they begin, from 0.</param>
    public async Task<IReadOnlyList<RedTeamResult>> ResultsAsync(
        Principal principal,
        Guid id,
        string? ofClass,
        string? outcome,
        int after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<RedTeamResultRow>(
            ResultsSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                ofClass,
                outcome,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToResult())];
    }
}
