using System.Text.Json;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Chancery.Server.Prompts.Storing;

namespace Chancery.Server.Evaluation.Running;

/// <summary>The work of a run, by its id.</summary>
internal sealed record RunWork(Guid Run)
{
    public const string Kind = "eval-run";
}

/// <summary>Runs as people begin, watch and end them. Safe for concurrent use.</summary>
internal sealed class RunStore(TenantDatabase database, WorkQueue queue, PromptStore prompts, TimeProvider time)
{
    private const string Columns = """
        r.run_id AS id, r.dataset_id, d.name AS dataset_name, r.origin, r.started_by, r.target::text AS target,
        r.judging::text AS judging, r.judges::text AS judges, r.state, r.repeats, r.total, r.asked, r.failed, r.input_tokens, r.output_tokens, r.cost_nano, r.cap_nano,
        r.summary::text AS summary, r.regressions::text AS regressions, r.failure, r.prompt_sha256, r.created_at, r.started_at,
        r.ended_at
        FROM eval_runs AS r
        JOIN eval_datasets AS d ON d.tenant_id = r.tenant_id AND d.dataset_id = r.dataset_id
        """;

    private const string ListSql =
        "SELECT "
        + Columns
        + """

            WHERE r.tenant_id = @tenant AND (@dataset::uuid IS NULL OR r.dataset_id = @dataset)
              AND (@after::uuid IS NULL OR r.run_id < @after)
            ORDER BY r.run_id DESC
            LIMIT @most
            """;

    private const string FindSql = "SELECT " + Columns + " WHERE r.tenant_id = @tenant AND r.run_id = @id";

    private const string SizeSql = """
        SELECT d.last_number,
               (SELECT count(*)::int FROM eval_questions AS q
                WHERE q.tenant_id = d.tenant_id AND q.dataset_id = d.dataset_id) AS total
        FROM eval_datasets AS d
        WHERE d.tenant_id = @tenant AND d.dataset_id = @dataset
        """;

    private const string CreateSql = """
        INSERT INTO eval_runs (tenant_id, run_id, dataset_id, origin, starter, started_by, target, judging, last_number, total, repeats, cap_nano,
                               prompt_sha256, created_at)
        VALUES (@tenant, @id, @dataset, @origin, @starter::jsonb, @startedBy, @target::jsonb, @judging::jsonb, @lastNumber, @total, @repeats, @cap,
                @sha256, @now)
        """;

    private const string CancelSql = """
        UPDATE eval_runs SET state = 'cancelled', ended_at = @now
        WHERE tenant_id = @tenant AND run_id = @id AND state IN ('queued', 'running')
        """;

    // What an answer was made from is what it may tell of.
    private const string ResultsSql = """
        SELECT question_id, number, question, answer, outcome, model, places::text AS places, scores::text AS scores,
               notes::text AS notes, error, input_tokens, output_tokens, cost_nano, cached, times, spread::text AS spread, duration_ms, created_at,
               hides_any(documents) AS is_withheld,
               (SELECT jsonb_object_agg(l.criterion, CASE WHEN l.is_good THEN 'good' ELSE 'bad' END) FROM eval_labels AS l
                WHERE l.tenant_id = r.tenant_id AND l.run_id = r.run_id AND l.question_id = r.question_id)::text AS labels
        FROM eval_results AS r
        WHERE tenant_id = @tenant AND run_id = @id AND number > @after
        ORDER BY number
        LIMIT @most
        """;

    private const string AnswerSql = """
        SELECT answer FROM eval_results
        WHERE tenant_id = @tenant AND run_id = @id AND question_id = @question AND outcome = @answered
          AND NOT hides_any(documents)
        """;

    private const string ScoresSql = """
        SELECT question_id, scores::text AS scores FROM eval_results
        WHERE tenant_id = @tenant AND run_id = @id
        ORDER BY number
        """;

    // Where a question was asked once, its scores are those of its answer.
    private const string FirstScoresSql = """
        SELECT question_id, coalesce(repeats -> 0, scores)::text AS scores FROM eval_results
        WHERE tenant_id = @tenant AND run_id = @id
        ORDER BY number
        """;

    private const string SpreadsSql = """
        SELECT s.key AS name, avg(s.value::float8) AS spread
        FROM eval_results AS r, jsonb_each_text(r.spread) AS s
        WHERE r.tenant_id = @tenant AND r.run_id = @id
        GROUP BY s.key
        ORDER BY s.key
        """;

    // Judges' calls say nothing of what an answer costs. Results from before the two were told apart have their sum alone.
    private const string CostsSql = """
        SELECT question_id, coalesce(answer_nano, cost_nano) AS nano FROM eval_results
        WHERE tenant_id = @tenant AND run_id = @id AND error IS NULL
        ORDER BY number
        """;

    // Of the questions as they are now: what was added since was not asked, and what is gone does not count.
    private const string CoverageSql = """
        SELECT count(*)::int AS questions, count(r.question_id)::int AS answered
        FROM eval_questions AS q
        LEFT JOIN eval_results AS r
          ON r.tenant_id = q.tenant_id AND r.run_id = @id AND r.question_id = q.question_id AND r.error IS NULL
        WHERE q.tenant_id = @tenant AND q.dataset_id = @dataset
        """;

    public async Task<IReadOnlyList<EvalRun>> ListAsync(
        Principal principal,
        Guid? dataset,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<RunRow>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                dataset,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToRun())];
    }

    public async Task<EvalRun?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return (
            await session.FindAsync<RunRow>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        )?.ToRun();
    }

    /// <summary>Queues it; null where there is no such dataset, or nothing in it to ask.</summary>
    public async Task<EvalRun?> CreateAsync(TenantId tenant, NewRun run, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        EvalRun? made;
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            var size = await session.FindAsync<SizeRow>(
                SizeSql,
                new { tenant = tenant.Value, dataset = run.Dataset },
                cancellationToken
            );
            if (size is null or { Total: 0 })
            {
                return null;
            }

            var words =
                run.Target is { PromptVersion: { } version } && run.Target.AskedPrompt() is { } prompt
                    ? await prompts.FindVersionAsync(session, prompt, version, cancellationToken)
                    : null;
            await queue.EnqueueAsync(session, RunWork.Kind, new RunWork(id), cancellationToken);
            await session.ExecuteAsync(
                CreateSql,
                new
                {
                    tenant = tenant.Value,
                    id,
                    dataset = run.Dataset,
                    origin = run.Origin,
                    starter = JsonSerializer.Serialize(run.Starter, EvalJson.Options),
                    startedBy = run.Starter.UserId,
                    target = JsonSerializer.Serialize(run.Target, EvalJson.Options),
                    judging = run.Judging is null ? null : JsonSerializer.Serialize(run.Judging, EvalJson.Options),
                    lastNumber = size.LastNumber,
                    total = size.Total,
                    repeats = run.Repeats,
                    cap = run.Cap?.Value,
                    sha256 = words?.Sha256,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
            made = (
                await session.FindAsync<RunRow>(FindSql, new { tenant = tenant.Value, id }, cancellationToken)
            )!.ToRun();
            await session.CommitAsync(cancellationToken);
        }

        await queue.WakeAsync();
        return made;
    }

    /// <summary>Ends it where it has not ended; its results stay. False where there is none.</summary>
    public async Task<bool> CancelAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await queue.CancelAsync(session, RunWork.Kind, new RunWork(id), cancellationToken);
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
        var found = await session.FindAsync<RunRow>(
            FindSql,
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return found is not null;
    }

    /// <summary>In the order of the questions; what the reader may not read is withheld.</summary>
    /// <param name="after">The number of the question after which they begin, from 0.</param>
    public async Task<IReadOnlyList<EvalResult>> ResultsAsync(
        Principal principal,
        Guid id,
        int after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<ResultRow>(
            ResultsSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToResult())];
    }

    /// <summary>What a run answered to a question; null where it did not, or it is not for them to see.</summary>
    public async Task<string?> AnswerAsync(
        Principal principal,
        Guid id,
        Guid question,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<string>(
            AnswerSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                question,
                answered = AnswerOutcome.Answered,
            },
            cancellationToken
        );
    }

    /// <summary>Scores by question and name; of questions that were asked several times the means.</summary>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>>> ScoresAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await ScoresAsync(session, id, cancellationToken);
    }

    public static Task<IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>>> ScoresAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    ) => ScoresAsync(session, ScoresSql, id, cancellationToken);

    /// <summary>Scores of the first answer to each question, which is the one that is shown and labelled.</summary>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>>> FirstScoresAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await ScoresAsync(session, FirstScoresSql, id, cancellationToken);
    }

    private static async Task<IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>>> ScoresAsync(
        TenantSession session,
        string sql,
        Guid id,
        CancellationToken cancellationToken
    ) =>
        (
            await session.QueryAsync<ScoresRow>(sql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        ).ToDictionary(
            row => row.QuestionId,
            IReadOnlyDictionary<string, Score> (row) => EvalJson.Read<Dictionary<string, Score>>(row.Scores)
        );

    /// <summary>How far the times that a question was asked are apart, in the mean over questions, by the score's name.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> SpreadsAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    ) =>
        (
            await session.QueryAsync<SpreadRow>(
                SpreadsSql,
                new { tenant = session.Tenant.Value, id },
                cancellationToken
            )
        ).ToDictionary(row => row.Name, row => row.Spread);

    /// <summary>What each answer cost without its judges, by question; questions that got none are left out.</summary>
    public async Task<IReadOnlyDictionary<Guid, NanoDollars>> CostsAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return (
            await session.QueryAsync<CostRow>(CostsSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        ).ToDictionary(row => row.QuestionId, row => new NanoDollars(row.Nano));
    }

    /// <summary>How many questions its dataset has by now, and how many of those got an answer in it.</summary>
    public async Task<(int Questions, int Answered)> CoverageAsync(
        Principal principal,
        EvalRun run,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<CoverageRow>(
            CoverageSql,
            new
            {
                tenant = session.Tenant.Value,
                id = run.Id,
                dataset = run.DatasetId,
            },
            cancellationToken
        );
        return (row!.Questions, row.Answered);
    }

    private sealed record CoverageRow(int Questions, int Answered);

    private sealed record CostRow(Guid QuestionId, long Nano);

    private sealed record SpreadRow(string Name, double Spread);

    private sealed record SizeRow(int LastNumber, int Total);

    private sealed record ScoresRow(Guid QuestionId, string Scores);
}
