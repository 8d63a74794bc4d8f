using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Evaluation.Nightly;

/// <summary>Queues a run of every active dataset, on behalf of whoever made it active, and lets go of judgements that do not count any more.</summary>
internal sealed class NightlyRuns(
    TenantDatabase database,
    RunStore runs,
    RunStarters starters,
    JudgementStore judgements,
    TimeProvider time,
    ILogger<NightlyRuns> logger
) : ITenantJob
{
    /// <summary>A job that is run twice, after a crash, queues nothing twice.</summary>
    private static readonly TimeSpan SameNight = TimeSpan.FromMinutes(30);

    private const string ActiveSql = """
        SELECT d.dataset_id, d.nightly::text AS nightly, d.nightly_judging::text AS judging, d.nightly_cap_nano AS cap_nano,
               d.starter::text AS starter
        FROM eval_datasets AS d
        WHERE d.tenant_id = @tenant AND d.is_active
          AND NOT EXISTS (
            SELECT 1 FROM eval_runs AS r
            WHERE r.tenant_id = d.tenant_id AND r.dataset_id = d.dataset_id AND r.origin = 'nightly' AND r.created_at > @since)
        ORDER BY d.dataset_id
        LIMIT 1000
        """;

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await judgements.ForgetAsync(tenant, cancellationToken);
        foreach (var dataset in await ActiveAsync(tenant, cancellationToken))
        {
            var starter = EvalJson.Read<RunStarter>(dataset.Starter);
            if (await starters.FindAsync(tenant, starter, cancellationToken) is null)
            {
                Log.NobodyAsks(logger, dataset.DatasetId);
                continue;
            }

            var run = new NewRun(
                dataset.DatasetId,
                RunOrigin.Nightly,
                starter,
                EvalJson.Read<EvalTarget>(dataset.Nightly),
                dataset.Judging is { } judging ? EvalJson.Read<EvalJudging>(judging) : null,
                new NanoDollars(dataset.CapNano)
            );
            await runs.CreateAsync(tenant, run, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<ActiveRow>> ActiveAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<ActiveRow>(
            ActiveSql,
            new { tenant = tenant.Value, since = time.GetUtcNow() - SameNight },
            cancellationToken
        );
    }

    private sealed record ActiveRow(Guid DatasetId, string Nightly, string? Judging, long CapNano, string Starter);
}
