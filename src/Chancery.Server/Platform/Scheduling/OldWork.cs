using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Scheduling;

/// <summary>Forgets work that ended a week ago; failed work stays for a month, for whoever looks into it.</summary>
internal sealed class OldWork(TenantDatabase database, TimeProvider time) : ITenantJob
{
    private static readonly TimeSpan KeepDone = TimeSpan.FromDays(7);
    private static readonly TimeSpan KeepFailed = TimeSpan.FromDays(30);

    private const string DeleteSql = """
        DELETE FROM work_items
        WHERE tenant_id = @tenant
          AND ((state = 'done' AND finished_at < @done) OR (state = 'failed' AND finished_at < @failed))
        """;

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            DeleteSql,
            new
            {
                tenant = tenant.Value,
                done = now - KeepDone,
                failed = now - KeepFailed,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
