using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Prompts.Using;

/// <summary>Forgets uses of prompts after 90 days, but those of a rollout that is running: what it decided by stands in its events.</summary>
internal sealed class OldRuns(TenantDatabase database, TimeProvider time) : ITenantJob
{
    private static readonly TimeSpan Keep = TimeSpan.FromDays(90);

    private const string ForgetSql = """
        DELETE FROM prompt_runs AS u
        WHERE u.tenant_id = @tenant AND u.created_at < @before
          AND NOT EXISTS (
            SELECT FROM prompt_rollouts AS r
            WHERE r.tenant_id = u.tenant_id AND r.rollout_id = u.rollout_id AND r.state = 'running'
          )
        """;

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        await session.ExecuteAsync(
            ForgetSql,
            new { tenant = tenant.Value, before = time.GetUtcNow() - Keep },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
