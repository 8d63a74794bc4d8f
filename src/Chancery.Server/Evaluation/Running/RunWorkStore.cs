using System.Text.Json;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Nightly;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Runs as their worker sees them: every write holds the work's lease. Safe for concurrent use.</summary>
internal sealed class RunWorkStore(TenantDatabase database, AlertQueue alerts, TimeProvider time)
{
    // By the database's clock, as what judges say is.
    private const string BeginSql = """
        UPDATE eval_runs SET state = 'running', started_at = coalesce(started_at, clock_timestamp())
        WHERE tenant_id = @tenant AND run_id = @id AND state IN ('queued', 'running')
        RETURNING run_id AS id, dataset_id, origin, starter::text AS starter, target::text AS target, judging::text AS judging,
                  judges::text AS judges, last_number, repeats, cap_nano, cost_nano, started_at
        """;

    private const string NextSql = """
        SELECT q.question_id AS id, q.number, q.question, q.expected_answers, q.expected_places::text AS expected_places,
               q.should_refuse, q.language, q.tags, q.created_at, r.repeats::text AS repeats
        FROM eval_questions AS q
        LEFT JOIN eval_results AS r ON r.tenant_id = q.tenant_id AND r.run_id = @id AND r.question_id = q.question_id
        WHERE q.tenant_id = @tenant AND q.dataset_id = @dataset AND q.number <= @lastNumber
          AND (r.times IS NULL OR r.times < @repeats)
        ORDER BY q.number
        LIMIT @most
        """;

    private const string AddSql = """
        INSERT INTO eval_results (tenant_id, run_id, question_id, number, question, answer, outcome, model, places, documents, scores,
                                  notes, error, input_tokens, output_tokens, cost_nano, answer_nano, cached, repeats, duration_ms, created_at)
        VALUES (@tenant, @id, @question, @number, @text, @answer, @outcome, @model, @places::jsonb, @documents, @scores::jsonb,
                @notes::jsonb, @error, @inputTokens, @outputTokens, @cost, @answerCost, @cached, @repeats::jsonb, @duration, @now)
        """;

    // The first answer is the one that is shown. What any of them was made from is what scores may tell of, and whoever may not read all of it
    // does not see them. A question that got no answer once counts as failed once.
    private const string RepeatSql = """
        WITH was AS (
          SELECT error FROM eval_results WHERE tenant_id = @tenant AND run_id = @id AND question_id = @question
        )
        UPDATE eval_results AS r
        SET times = @times, scores = @scores::jsonb, repeats = @repeats::jsonb, spread = @spread::jsonb,
            documents = ARRAY(SELECT DISTINCT d FROM unnest(r.documents || @documents::uuid[]) AS d),
            cached = ARRAY(SELECT unnest(r.cached) INTERSECT SELECT unnest(@cached::text[])),
            error = coalesce(r.error, @error), input_tokens = r.input_tokens + @inputTokens,
            output_tokens = r.output_tokens + @outputTokens, cost_nano = r.cost_nano + @cost
        FROM was
        WHERE r.tenant_id = @tenant AND r.run_id = @id AND r.question_id = @question AND r.times = @times - 1
        RETURNING CASE WHEN was.error IS NULL AND r.error IS NOT NULL THEN 1 ELSE 0 END
        """;

    private const string CountSql = """
        UPDATE eval_runs
        SET asked = asked + @asked, failed = failed + @failed, input_tokens = input_tokens + @inputTokens,
            output_tokens = output_tokens + @outputTokens, cost_nano = cost_nano + @cost
        WHERE tenant_id = @tenant AND run_id = @id
        RETURNING cost_nano
        """;

    private const string EndSql = """
        UPDATE eval_runs
        SET state = @state, failure = @failure, summary = @summary::jsonb, regressions = @regressions::jsonb, ended_at = @now
        WHERE tenant_id = @tenant AND run_id = @id AND state IN ('queued', 'running')
        RETURNING run_id AS id, dataset_id, state, asked, total, cost_nano
        """;

    private const string JudgeSql = """
        UPDATE eval_runs SET judging = @judging::jsonb, judges = @judges::jsonb WHERE tenant_id = @tenant AND run_id = @id
        """;

    // The one before it of the same questions, asked of the same; and by whom both were judged.
    private const string FormerSql = """
        SELECT f.run_id AS id, f.judging::text AS judging, f.judges::text AS judges,
               r.judging::text AS later_judging, r.judges::text AS later_judges
        FROM eval_runs AS r
        JOIN eval_runs AS f
          ON f.tenant_id = r.tenant_id AND f.dataset_id = r.dataset_id AND f.run_id < r.run_id AND f.state = 'done'
             AND f.origin = r.origin AND f.target = r.target
        WHERE r.tenant_id = @tenant AND r.run_id = @id
        ORDER BY f.run_id DESC
        LIMIT 1
        """;

    /// <summary>Null where it has ended, or is gone.</summary>
    public async Task<OpenRun?> BeginAsync(WorkItem item, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await HoldAsync(item, cancellationToken);
        var row = await session.FindAsync<OpenRow>(BeginSql, new { tenant = item.Tenant.Value, id }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return row?.ToRun();
    }

    /// <summary>Keeps who judges it and by which versions.</summary>
    public async Task KeepJudgesAsync(
        WorkItem item,
        OpenRun run,
        EvalJudging judging,
        IReadOnlyList<KeptJudge> judges,
        CancellationToken cancellationToken
    )
    {
        await using var session = await HoldAsync(item, cancellationToken);
        await session.ExecuteAsync(
            JudgeSql,
            new
            {
                tenant = item.Tenant.Value,
                id = run.Id,
                judging = JsonSerializer.Serialize(judging, EvalJson.Options),
                judges = JsonSerializer.Serialize(judges, EvalJson.Options),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Questions that were not asked as often as they shall be, in their order.</summary>
    public async Task<IReadOnlyList<NextQuestion>> NextAsync(
        WorkItem item,
        OpenRun run,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        var rows = await session.QueryAsync<NextRow>(
            NextSql,
            new
            {
                tenant = item.Tenant.Value,
                id = run.Id,
                dataset = run.Dataset,
                lastNumber = run.LastNumber,
                repeats = run.Repeats,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToNext())];
    }

    /// <summary>Keeps a result for good; answers what the run has cost by now.</summary>
    public async Task<NanoDollars> AddAsync(
        WorkItem item,
        OpenRun run,
        EvalQuestion question,
        ScoredQuestion scored,
        CancellationToken cancellationToken
    )
    {
        var asked = scored.Asked;
        await using var session = await HoldAsync(item, cancellationToken);
        await session.ExecuteAsync(
            AddSql,
            new
            {
                tenant = item.Tenant.Value,
                id = run.Id,
                question = question.Id,
                number = question.Number,
                text = question.Question,
                answer = asked.Answer.Replace("\0", "", StringComparison.Ordinal),
                outcome = asked.Outcome,
                model = asked.Model,
                places = JsonSerializer.Serialize(asked.Places, EvalJson.Options),
                documents = asked.Passages.Select(passage => passage.DocumentId).Distinct().ToArray(),
                scores = JsonSerializer.Serialize(scored.Scores, EvalJson.Options),
                notes = JsonSerializer.Serialize(scored.Notes, EvalJson.Options),
                error = asked.Error,
                inputTokens = scored.InputTokens,
                outputTokens = scored.OutputTokens,
                cost = scored.Cost.Value,
                answerCost = asked.Cost.Value,
                cached = scored.Cached.ToArray(),
                repeats = run.Repeats > 1 ? JsonSerializer.Serialize(new[] { scored.Scores }, EvalJson.Options) : null,
                duration = asked.DurationMs,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        return await CountAsync(session, item, run, scored, asked: 1, asked.Error is null ? 0 : 1, cancellationToken);
    }

    /// <summary>Keeps what came of a question that was asked again; answers what the run has cost by now.</summary>
    /// <param name="scores">Of all times so far, this one the last.</param>
    public async Task<NanoDollars> AddRepeatAsync(
        WorkItem item,
        OpenRun run,
        EvalQuestion question,
        ScoredQuestion scored,
        IReadOnlyList<IReadOnlyDictionary<string, Score>> scores,
        CancellationToken cancellationToken
    )
    {
        var repeated = scores
            .SelectMany(time => time)
            .GroupBy(score => score.Key, score => score.Value)
            .ToDictionary(score => score.Key, score => RepeatedScore.Of([.. score]));
        await using var session = await HoldAsync(item, cancellationToken);
        var failed = await session.FindAsync<int>(
            RepeatSql,
            new
            {
                tenant = item.Tenant.Value,
                id = run.Id,
                question = question.Id,
                times = scores.Count,
                scores = JsonSerializer.Serialize(
                    repeated.ToDictionary(one => one.Key, one => one.Value.Score),
                    EvalJson.Options
                ),
                repeats = JsonSerializer.Serialize(scores, EvalJson.Options),
                spread = JsonSerializer.Serialize(
                    repeated
                        .Where(one => one.Value.Spread is not null)
                        .ToDictionary(one => one.Key, one => one.Value.Spread!.Value),
                    EvalJson.Options
                ),
                documents = scored.Asked.Passages.Select(passage => passage.DocumentId).Distinct().ToArray(),
                cached = scored.Cached.ToArray(),
                error = scored.Asked.Error,
                inputTokens = scored.InputTokens,
                outputTokens = scored.OutputTokens,
                cost = scored.Cost.Value,
            },
            cancellationToken
        );
        return await CountAsync(session, item, run, scored, asked: 0, failed, cancellationToken);
    }

    private static async Task<NanoDollars> CountAsync(
        TenantSession session,
        WorkItem item,
        OpenRun run,
        ScoredQuestion scored,
        int asked,
        int failed,
        CancellationToken cancellationToken
    )
    {
        var spent = await session.FindAsync<long>(
            CountSql,
            new
            {
                tenant = item.Tenant.Value,
                id = run.Id,
                asked,
                failed,
                inputTokens = scored.InputTokens,
                outputTokens = scored.OutputTokens,
                cost = scored.Cost.Value,
            },
            cancellationToken
        );
        await item.ProgressedAsync(session, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new NanoDollars(spent);
    }

    /// <summary>Ends it with the means of what was asked.</summary>
    /// <param name="state">One of <see cref="RunState"/>.</param>
    /// <returns>
    /// Of a nightly run that is done, what fell surely below the run before it; empty of any other; null where it had ended before, and
    /// nothing was changed.
    /// </returns>
    public async Task<IReadOnlyList<ScoreChange>?> EndAsync(
        WorkItem item,
        Guid id,
        string state,
        string? failure,
        bool isNightly,
        CancellationToken cancellationToken
    )
    {
        await using var session = await HoldAsync(item, cancellationToken);
        var scores = await RunStore.ScoresAsync(session, id, cancellationToken);
        var spreads = await RunStore.SpreadsAsync(session, id, cancellationToken);
        var worse =
            isNightly && state == RunState.Done ? await WorseAsync(session, id, scores, cancellationToken) : null;
        var now = time.GetUtcNow();
        var ended = await session.FindAsync<EndedRun>(
            EndSql,
            new
            {
                tenant = item.Tenant.Value,
                id,
                state,
                failure,
                summary = JsonSerializer.Serialize(Means(scores, spreads), EvalJson.Options),
                regressions = worse is null ? null : JsonSerializer.Serialize(worse, EvalJson.Options),
                now,
            },
            cancellationToken
        );
        var alert = isNightly && ended is not null ? EvalAlert.Of(item.Tenant.Value, ended, worse ?? [], now) : null;
        if (alert is not null)
        {
            await alerts.TellAsync(session, alert, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        if (alert is not null)
        {
            await alerts.WakeAsync();
        }

        return ended is null ? null : worse ?? [];
    }

    private static async Task<IReadOnlyList<ScoreChange>> WorseAsync(
        TenantSession session,
        Guid id,
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> scores,
        CancellationToken cancellationToken
    )
    {
        var former = await session.FindAsync<FormerRow>(
            FormerSql,
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );
        if (former is null)
        {
            return [];
        }

        // Of another judge, or one that was told something else, a lower score says nothing of the answers. What is computed does.
        var isAlike = former.IsJudgedAlike;
        return
        [
            .. ScoreChange
                .Between(await RunStore.ScoresAsync(session, former.Id, cancellationToken), scores)
                .Where(change =>
                    change.Verdict == ScoreChange.IsWorse
                    && (isAlike || !ScoreName.Judged.Contains(change.Name, StringComparer.Ordinal))
                ),
        ];
    }

    private static IEnumerable<ScoreMean> Means(
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> scores,
        IReadOnlyDictionary<string, double> spreads
    ) =>
        from name in ScoreName.All
        let ofName = scores.Values.Where(one => one.ContainsKey(name)).Select(one => one[name]).ToList()
        where ofName.Count > 0
        select ScoreMean.Of(name, ofName, spreads.TryGetValue(name, out var spread) ? spread : null);

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

    private sealed class FormerRow
    {
        public Guid Id { get; init; }

        public string? Judging { get; init; }

        public string? Judges { get; init; }

        public string? LaterJudging { get; init; }

        public string? LaterJudges { get; init; }

        public bool IsJudgedAlike => EvalJudge.AreAlike(Of(Judging, Judges), Of(LaterJudging, LaterJudges));

        private static (EvalJudging?, IReadOnlyList<EvalJudge>?) Of(string? judging, string? judges) =>
            (
                judging is null ? null : EvalJson.Read<EvalJudging>(judging),
                judges is null ? null : [.. EvalJson.Read<KeptJudge[]>(judges).Select(judge => judge.View)]
            );
    }

    private sealed class NextRow : QuestionRow
    {
        public string? Repeats { get; init; }

        public NextQuestion ToNext() =>
            new(ToQuestion(), Repeats is null ? [] : EvalJson.Read<Dictionary<string, Score>[]>(Repeats));
    }

    private sealed class OpenRow
    {
        public Guid Id { get; init; }

        public Guid DatasetId { get; init; }

        public string Origin { get; init; } = "";

        public string Starter { get; init; } = "";

        public string Target { get; init; } = "";

        public string? Judging { get; init; }

        public string? Judges { get; init; }

        public int LastNumber { get; init; }

        public int Repeats { get; init; }

        public long? CapNano { get; init; }

        public long CostNano { get; init; }

        public DateTimeOffset StartedAt { get; init; }

        public OpenRun ToRun() =>
            new(
                Id,
                DatasetId,
                Origin,
                EvalJson.Read<RunStarter>(Starter),
                EvalJson.Read<EvalTarget>(Target),
                Judging is null ? null : EvalJson.Read<EvalJudging>(Judging),
                Judges is null ? null : EvalJson.Read<KeptJudge[]>(Judges),
                LastNumber,
                Repeats,
                CapNano is { } cap ? new NanoDollars(cap) : null,
                new NanoDollars(CostNano),
                StartedAt
            );
    }
}
