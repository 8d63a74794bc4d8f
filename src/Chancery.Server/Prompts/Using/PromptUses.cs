using Chancery.Evaluation.Rollouts;
using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Releases;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Telemetry;
using Chancery.Server.Prompts.Templates;
using Npgsql;

namespace Chancery.Server.Prompts.Using;

/// <summary>
/// Which version of a prompt somebody gets, and what became of it. It is read at each use: what was rolled back is used no more from the
/// moment of its commit, on every server. Safe for concurrent use.
/// </summary>
internal sealed class PromptUses(
    TenantDatabase database,
    ShippedPrompts shipped,
    ReleaseWords releases,
    ShippedUses shippedUses,
    PromptMeter meter,
    TimeProvider time,
    ILogger<PromptUses> logger
)
{
    /// <summary>Up to so many hundredths of a percent, traces of those who have a release's new words are kept.</summary>
    private const int RareExposure = 500;

    private const string PickSql = """
        SELECT p.prompt_id AS id, p.name, l.version, r.rollout_id AS rollout, r.treatment, r.exposure, r.unit,
               (r.progress ->> 'stage')::int AS stage, CASE r.plan ->> 'policy' WHEN 'daily_error_rate' THEN 0 ELSE coalesce((r.plan ->> 'judge_sample')::float8, 0) END AS judge_sample,
               coalesce((r.plan ->> 'judge_cap_nano')::int8, 0) AS judge_cap_nano
        FROM prompts AS p
        JOIN prompt_labels AS l ON l.tenant_id = p.tenant_id AND l.prompt_id = p.prompt_id AND l.label = @label
        LEFT JOIN prompt_rollouts AS r
          ON r.tenant_id = p.tenant_id AND r.prompt_id = p.prompt_id AND r.state = 'running' AND @label = 'production'
        WHERE p.tenant_id = @tenant AND p.prompt_id = @id
        """;

    private const string ContentSql = """
        SELECT content FROM prompt_versions WHERE tenant_id = @tenant AND prompt_id = @id AND number = @number
        """;

    private const string BeginSql = """
        INSERT INTO prompt_runs (tenant_id, run_id, prompt_id, version, rollout_id, is_treated, principal_id, created_at, content_sha256)
        VALUES (@tenant, @run, @id, @version, @rollout, @isTreated, @principal, @now, @sha256)
        """;

    private const string RecordSql = """
        INSERT INTO prompt_runs (tenant_id, run_id, prompt_id, version, rollout_id, is_treated, outcome, model, input_tokens, output_tokens,
                                 cost_nano, latency_ms, score, principal_id, created_at, ended_at)
        VALUES (@tenant, @run, @id, @version, @rollout, @isTreated, @outcome, @model, @input, @output, @cost, @latency, @score, @principal,
                @now, @now)
        """;

    private const string EndSql = """
        UPDATE prompt_runs
        SET outcome = @outcome, model = @model, input_tokens = @input, output_tokens = @output, cost_nano = @cost, latency_ms = @latency,
            score = @score, ended_at = @now
        WHERE tenant_id = @tenant AND prompt_id = @id AND run_id = @run AND outcome IS NULL
        """;

    private const string RateSql = """
        UPDATE prompt_runs SET rating = @rating
        WHERE tenant_id = @tenant AND prompt_id = @id AND run_id = @run
        """;

    private const string RateUseSql = """
        UPDATE prompt_runs SET rating = @rating WHERE tenant_id = @tenant AND run_id = @run
        """;

    // Whose words were dealt by a release is for the operator: the arms of all organisations are compared.
    private const string RunColumns = """
        SELECT run_id AS id, version, outcome,
               (SELECT r.rollout_id FROM prompt_rollouts AS r
                WHERE r.tenant_id = prompt_runs.tenant_id AND r.rollout_id = prompt_runs.rollout_id) AS rollout,
               is_treated, model, input_tokens, output_tokens, cost_nano, latency_ms,
               score, judge_score, rating, created_at, ended_at
        FROM prompt_runs WHERE tenant_id = @tenant AND prompt_id = @id
        """;

    private const string FindRunSql = RunColumns + " AND run_id = @run";

    private const string RunsSql =
        RunColumns
        + """
             AND (@version::int IS NULL OR version = @version) AND (@after::uuid IS NULL OR run_id < @after)
            ORDER BY run_id DESC LIMIT @most
            """;

    /// <summary>One of the product's own prompts, as this organisation has it.</summary>
    /// <param name="name">As it was shipped.</param>
    /// <param name="conversation">What is asked in, which a rollout by conversation deals to; null for something that belongs to none.</param>
    /// <param name="isByOrganization">Whether words of a release are the same for all of an organisation.</param>
    public async Task<PromptUse> PickAsync(
        Principal principal,
        string name,
        Guid? conversation,
        CancellationToken cancellationToken,
        bool isByOrganization = false
    )
    {
        var own = shipped.Find(name) ?? throw new ArgumentException($"No prompt {name} is shipped.", nameof(name));
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await PickAsync(
                session,
                principal,
                own.Id,
                PromptLabel.Production,
                conversation,
                unit: null,
                isDealt: true,
                cancellationToken
            )
            ?? await FollowAsync(
                session,
                principal,
                own,
                conversation,
                unit: null,
                isDealt: true,
                cancellationToken,
                isByOrganization: isByOrganization
            );
    }

    /// <summary>A version of an organisation's prompt, drawn for use.</summary>
    /// <param name="label">Which version where <paramref name="number"/> does not say.</param>
    /// <param name="number">This version, whatever is rolled out.</param>
    /// <param name="unit">Whom or what a rollout by conversation or by user deals to; null for the caller.</param>
    /// <returns>Null when there is no such prompt, label or version.</returns>
    public async Task<PromptUse?> PickAsync(
        Principal principal,
        Guid id,
        string label,
        int? number,
        string? unit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var picked = await PickAsync(
            session,
            principal,
            id,
            label,
            conversation: null,
            unit,
            isDealt: number is null,
            cancellationToken
        );
        if (picked is null && shipped.Find(id) is { } own && label == PromptLabel.Production)
        {
            // How a program says that its uses went is no evidence about words that are everybody's.
            picked = await FollowAsync(
                session,
                principal,
                own,
                conversation: null,
                unit,
                isDealt: false,
                cancellationToken,
                isFixed: number is not null
            );
        }

        if (picked is null || number is not { } wanted || wanted == picked.Version)
        {
            return number is null ? picked
                : picked is null ? null
                : picked with { Rollout = null, IsTreated = false };
        }

        return await ContentAsync(session, id, wanted, cancellationToken) is { } content
            ? picked with
            {
                Version = wanted,
                Content = content,
                Rollout = null,
                IsTreated = false,
            }
            : null;
    }

    /// <summary>
    /// A version of one of the product's prompts, whatever is rolled out; its use is nobody's. Who follows releases has one version: the
    /// words that everybody has, which are not yet those of a release that is rolled out.
    /// </summary>
    /// <param name="number">Null for the one in production.</param>
    /// <returns>Null when there is no such version.</returns>
    public async Task<PromptUse?> PickFixedAsync(
        Principal principal,
        Guid id,
        int? number,
        CancellationToken cancellationToken
    )
    {
        var own = shipped.Find(id) ?? throw new ArgumentException($"No prompt {id} is shipped.", nameof(id));
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<PickRow>(
            PickSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label = PromptLabel.Production,
            },
            cancellationToken
        );
        var version = number ?? row?.Version ?? 1;
        var content =
            row is not null ? await ContentAsync(session, id, version, cancellationToken)
            : version == 1 ? (await releases.InProductionAsync(session, id, cancellationToken)).Content
            : null;
        return content is null
            ? null
            : new PromptUse(
                id,
                own.Name,
                version,
                content,
                row is not null,
                IsCounted: false,
                Rollout: null,
                IsTreated: false
            );
    }

    /// <summary>Writes down that a version was used and what became of it. A failure to do so is logged, and nothing else.</summary>
    /// <param name="run">Its id, of version 7: that of what was made by it, so that whoever rates the one rates the other. Left out, a new one.</param>
    /// <returns>Its id; null for a use that is nobody's, and where it could not be written.</returns>
    public async Task<Guid?> RecordAsync(
        Principal principal,
        PromptUse use,
        RunResult result,
        CancellationToken cancellationToken,
        Guid? run = null
    )
    {
        if (!use.IsCounted)
        {
            return null;
        }

        meter.Used(use.PromptId, PromptMeter.ArmOf(use), result.Outcome);
        var now = time.GetUtcNow();
        var id = run ?? Guid.CreateVersion7(now);
        if (!use.IsStored)
        {
            shippedUses.Add(new ShippedUse(principal.Tenant, id, use, result, principal.Id, now));
            return id;
        }

        try
        {
            await using var session = await database.OpenAsync(principal, cancellationToken);
            await session.ExecuteAsync(
                RecordSql,
                new
                {
                    tenant = session.Tenant.Value,
                    run = id,
                    id = use.PromptId,
                    version = use.Version,
                    rollout = use.Rollout,
                    isTreated = use.IsTreated,
                    outcome = result.Outcome,
                    model = result.Model,
                    input = result.InputTokens,
                    output = result.OutputTokens,
                    cost = result.CostNanoDollars,
                    latency = result.LatencyMs,
                    score = result.Score,
                    principal = principal.Id,
                    now,
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
            return id;
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            meter.Lost(1);
            Log.RunNotRecorded(logger, use.Reference, exception);
            return null;
        }
    }

    /// <summary>Opens a use whose end its user reports.</summary>
    /// <returns>Its id.</returns>
    public async Task<Guid> BeginAsync(Principal principal, PromptUse use, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var run = Guid.CreateVersion7(now);
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            BeginSql,
            new
            {
                tenant = session.Tenant.Value,
                run,
                id = use.PromptId,
                version = use.Version,
                rollout = use.Rollout,
                isTreated = use.IsTreated,
                principal = principal.Id,
                now,
                sha256 = use.IsStored ? null : PromptContent.HashOf(use.Content.ToCanonical()),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return run;
    }

    /// <summary>Says how a use ended; once. Null when there is no such use; not ended when that was said before.</summary>
    public async Task<(PromptRun Run, bool IsFirst)?> EndAsync(
        Principal principal,
        Guid prompt,
        Guid run,
        RunResult result,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var ended = await session.ExecuteAsync(
            EndSql,
            new
            {
                tenant = session.Tenant.Value,
                id = prompt,
                run,
                outcome = result.Outcome,
                model = result.Model,
                input = result.InputTokens,
                output = result.OutputTokens,
                cost = result.CostNanoDollars,
                latency = result.LatencyMs,
                score = result.Score,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        var found = await FindAsync(session, prompt, run, cancellationToken);
        await session.CommitAsync(cancellationToken);
        if (found is not null && ended > 0)
        {
            meter.Used(prompt, found.Arm, result.Outcome);
        }

        return found is null ? null : (found, ended > 0);
    }

    /// <summary>Thumbs up or down; the last one counts, and a rollout sees the first.</summary>
    public async Task<PromptRun?> RateAsync(
        Principal principal,
        Guid prompt,
        Guid run,
        bool isGood,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            RateSql,
            new
            {
                tenant = session.Tenant.Value,
                id = prompt,
                run,
                rating = (short)(isGood ? 1 : -1),
            },
            cancellationToken
        );
        var rated = await FindAsync(session, prompt, run, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return rated;
    }

    /// <summary>
    /// The same for what a capability made by whichever prompt; null takes it back, as far as no rollout has seen it. Nothing happens where
    /// no use has the id.
    /// </summary>
    public async Task RateAsync(Principal principal, Guid run, bool? isGood, CancellationToken cancellationToken)
    {
        if (!await RateUseAsync(principal, run, isGood, cancellationToken))
        {
            // Thumbs may come sooner than what is written a second later.
            await shippedUses.FlushAsync(cancellationToken);
            await RateUseAsync(principal, run, isGood, cancellationToken);
        }
    }

    /// <summary>Newest first, those before <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<PromptRun>> RunsAsync(
        Principal principal,
        Guid prompt,
        int? version,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<RunRow>(
            RunsSql,
            new
            {
                tenant = session.Tenant.Value,
                id = prompt,
                version,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToRun())];
    }

    private async Task<bool> RateUseAsync(
        Principal principal,
        Guid run,
        bool? isGood,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rated = await session.ExecuteAsync(
            RateUseSql,
            new
            {
                tenant = session.Tenant.Value,
                run,
                rating = isGood is { } good ? (short?)(good ? 1 : -1) : null,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return rated > 0;
    }

    private static async Task<PromptRun?> FindAsync(
        TenantSession session,
        Guid prompt,
        Guid run,
        CancellationToken cancellationToken
    ) =>
        (
            await session.FindAsync<RunRow>(
                FindRunSql,
                new
                {
                    tenant = session.Tenant.Value,
                    id = prompt,
                    run,
                },
                cancellationToken
            )
        )?.ToRun();

    /// <param name="isDealt">Whether what is found is what is used: then a rollout's deal is counted and told.</param>
    private async Task<PromptUse?> PickAsync(
        TenantSession session,
        Principal principal,
        Guid id,
        string label,
        Guid? conversation,
        string? unit,
        bool isDealt,
        CancellationToken cancellationToken
    )
    {
        var row = await session.FindAsync<PickRow>(
            PickSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label,
            },
            cancellationToken
        );
        if (row is null)
        {
            return null;
        }

        var who = UnitOf(row.Unit, principal, conversation, unit);
        var isTreated = row.Rollout is { } rollout && RolloutAssignment.IsTreated(rollout, who, row.Exposure);
        var version = isTreated ? row.Treatment : row.Version;
        if (await ContentAsync(session, id, version, cancellationToken) is not { } content)
        {
            return null;
        }

        var use = new PromptUse(id, row.Name, version, content, IsStored: true, IsCounted: true, row.Rollout, isTreated)
        {
            Judging = UseJudging.Of(row.JudgeSample, row.JudgeCapNano, isTreated, row.Exposure),
        };
        if (isDealt)
        {
            if (row is { Rollout: not null, Stage: { } stage })
            {
                meter.Exposed(use, stage);
            }

            AssignmentEvent.Tell(principal.Tenant, use, who);
        }

        return use;
    }

    /// <summary>
    /// What somebody gets who follows releases: version 1, whose words a release that is rolled out deals by conversation, as rollouts do
    /// unless they are told otherwise. What belongs to none is dealt by itself: organisations differ in models, prices and luck, and the arms
    /// are alike only where none of them, and no program with one key, falls into one arm whole.
    /// </summary>
    /// <param name="isDealt">Whether the use counts for the release's rollout.</param>
    /// <param name="isFixed">The words that everybody has, whatever is rolled out.</param>
    /// <param name="isByOrganization">Whether all of an organisation has the same words.</param>
    private async Task<PromptUse> FollowAsync(
        TenantSession session,
        Principal principal,
        ShippedPrompt own,
        Guid? conversation,
        string? unit,
        bool isDealt,
        CancellationToken cancellationToken,
        bool isFixed = false,
        bool isByOrganization = false
    )
    {
        var who = isByOrganization
            ? UnitOf(RolloutUnit.Organization, principal, conversation, unit)
            : unit ?? (conversation ?? Guid.CreateVersion7()).ToString();
        var words = isFixed
            ? new DealtWords(
                (await releases.InProductionAsync(session, own.Id, cancellationToken)).Content,
                Release: null,
                IsTreated: false,
                Stage: 0,
                Exposure: 0
            )
            : await releases.DealAsync(session, own.Id, who, cancellationToken);
        var use = new PromptUse(
            own.Id,
            own.Name,
            1,
            words.Content,
            IsStored: false,
            IsCounted: true,
            isDealt ? words.Release : null,
            isDealt && words.IsTreated
        );
        if (use.Rollout is not null)
        {
            // Of the whole installation's traffic, half would be too many traces to keep.
            meter.Exposed(use, words.Stage, isRare: words.Exposure <= RareExposure);
            AssignmentEvent.Tell(principal.Tenant, use, who);
        }

        return use;
    }

    /// <summary>
    /// What the rollout's kind of unit is here: a person keeps a version over all of their conversations. What belongs to no conversation is the
    /// caller's.
    /// </summary>
    /// <param name="named">What a program says that it is, conversation or user.</param>
    private static string UnitOf(string kind, Principal principal, Guid? conversation, string? named) =>
        kind switch
        {
            RolloutUnit.Organization => principal.Tenant.Value.ToString(),
            RolloutUnit.Conversation => named ?? (conversation ?? principal.Id).ToString(),
            _ => named ?? principal.Id.ToString(),
        };

    private static async Task<PromptContent?> ContentAsync(
        TenantSession session,
        Guid id,
        int number,
        CancellationToken cancellationToken
    ) =>
        await session.FindAsync<string>(
            ContentSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                number,
            },
            cancellationToken
        )
            is { } content
            ? PromptContent.Parse(content)
            : null;

    private sealed class PickRow
    {
        public string Name { get; init; } = "";

        public int Version { get; init; }

        public Guid? Rollout { get; init; }

        public int Treatment { get; init; }

        public int Exposure { get; init; }

        public string Unit { get; init; } = "";

        public int? Stage { get; init; }

        public double JudgeSample { get; init; }

        public long JudgeCapNano { get; init; }
    }

    private sealed class RunRow
    {
        public Guid Id { get; init; }

        public int Version { get; init; }

        public string? Outcome { get; init; }

        public Guid? Rollout { get; init; }

        public bool IsTreated { get; init; }

        public string? Model { get; init; }

        public long InputTokens { get; init; }

        public long OutputTokens { get; init; }

        public long CostNano { get; init; }

        public double? LatencyMs { get; init; }

        public double? Score { get; init; }

        public double? JudgeScore { get; init; }

        public short? Rating { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? EndedAt { get; init; }

        public PromptRun ToRun() =>
            new(
                Id,
                Version,
                Outcome,
                Rollout,
                Rollout is null ? null
                    : IsTreated ? "treatment"
                    : "control",
                Model,
                InputTokens,
                OutputTokens,
                CostNano / 1_000_000_000m,
                LatencyMs,
                Score,
                Rating switch
                {
                    > 0 => "up",
                    < 0 => "down",
                    _ => null,
                },
                CreatedAt,
                EndedAt,
                JudgeScore
            );
    }
}
