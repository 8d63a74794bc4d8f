using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>Erases queries that are older than QUERY_LOG_DAYS.</summary>
internal sealed class QueryRetention(QueryStore store, IOptions<KnowledgeOptions> options, TimeProvider time)
    : ITenantJob
{
    public Task RunAsync(TenantId tenant, CancellationToken cancellationToken) =>
        options.Value.QueryLogDays == 0
            ? Task.CompletedTask
            : store.ExpireAsync(
                tenant,
                time.GetUtcNow() - TimeSpan.FromDays(options.Value.QueryLogDays),
                cancellationToken
            );
}
