using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Using;

/// <summary>
/// What a model said of uses that a rollout has judged, and what that cost. The most that it may cost is set aside before the model is asked,
/// so that what is paid counts whatever becomes of the server, of the verdict or of its place. Safe for concurrent use.
/// </summary>
internal sealed class UseJudgements(TenantDatabase database, TimeProvider time)
{
    // Held until the money is set aside: two servers that judge at once would each count without the other.
    private const string HoldSql = """
        SELECT rollout_id FROM prompt_rollouts
        WHERE tenant_id = @tenant AND rollout_id = @rollout AND state = 'running' FOR UPDATE
        """;

    // Nothing of it is there to be counted until it is settled.
    private const string BeginSql = """
        UPDATE prompt_runs SET judged_at = @now, judge_nano = @most, is_judgement_counted = true
        WHERE tenant_id = @tenant AND run_id = @run AND rollout_id = @rollout AND judged_at IS NULL
          AND @any + (
            SELECT coalesce(sum(u.judge_nano), 0) FROM prompt_runs AS u
            WHERE u.tenant_id = @tenant AND u.rollout_id = @rollout AND u.judged_at >= @since
          ) <= @cap
        """;

    private const string SettleSql = """
        UPDATE prompt_runs SET judge_score = @score, judge_nano = @cost, is_judgement_counted = false
        WHERE tenant_id = @tenant AND run_id = @run
        """;

    private const string DropSql = """
        UPDATE prompt_runs SET judged_at = NULL, judge_nano = NULL, is_judgement_counted = false
        WHERE tenant_id = @tenant AND run_id = @run
        """;

    /// <summary>Sets money aside for judging a use; once for each.</summary>
    /// <param name="mostNano">What it may cost at most: so much is set aside.</param>
    /// <param name="anyNano">
    /// What judging any answer may cost at most, not under <paramref name="mostNano"/>: so much has to be left of the cap, so that whether an answer is
    /// judged does not depend on it.
    /// </param>
    /// <returns>
    /// Whether it may be judged: not where its rollout has ended, where the use was not written down and so counts for nothing, or where the
    /// rollout's cap of the day (UTC) could be passed.
    /// </returns>
    public async Task<bool> BeginAsync(
        TenantId tenant,
        PromptUse use,
        Guid run,
        long mostNano,
        long anyNano,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var held = await session.FindAsync<Guid?>(
            HoldSql,
            new { tenant = tenant.Value, rollout = use.Rollout },
            cancellationToken
        );
        if (held is null)
        {
            return false;
        }

        var now = time.GetUtcNow();
        var begun = await session.ExecuteAsync(
            BeginSql,
            new
            {
                tenant = tenant.Value,
                run,
                rollout = held,
                most = mostNano,
                any = anyNano,
                cap = use.Judging.CapNano,
                since = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero),
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return begun > 0;
    }

    /// <summary>Writes down what the model said in the place of what was set aside.</summary>
    /// <param name="score">0 to 1; null where it gave none, and was paid all the same.</param>
    public Task SettleAsync(
        TenantId tenant,
        Guid run,
        double? score,
        long costNanoDollars,
        CancellationToken cancellationToken
    ) =>
        ExecuteAsync(
            tenant,
            SettleSql,
            new
            {
                tenant = tenant.Value,
                run,
                score,
                cost = costNanoDollars,
            },
            cancellationToken
        );

    /// <summary>Gives back what was set aside where nobody was asked: the use is as one that was not drawn.</summary>
    public Task DropAsync(TenantId tenant, Guid run, CancellationToken cancellationToken) =>
        ExecuteAsync(tenant, DropSql, new { tenant = tenant.Value, run }, cancellationToken);

    private async Task ExecuteAsync(TenantId tenant, string sql, object arguments, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(sql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
