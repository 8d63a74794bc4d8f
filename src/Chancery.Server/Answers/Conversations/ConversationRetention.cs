using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Answers.Conversations;

/// <summary>Lets go of conversations that nobody touched for RETENTION_DAYS (30 by default; 0 keeps them).</summary>
public sealed class ConversationRetention(TenantDatabase database, AnswersOptions options, TimeProvider time)
    : ITenantJob
{
    // Reaches every principal's conversations of the bound tenant: see 0005_answers.sql.
    private const string ExpireSql = "SELECT expire_conversations(@since, @now)";

    Task ITenantJob.RunAsync(TenantId tenant, CancellationToken cancellationToken) =>
        RunAsync(tenant, cancellationToken);

    /// <summary>Marks them deleted and answers how many there were. Rows stay until an erasure.</summary>
    public async Task<int> RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (options.Retention is not { } retention)
        {
            return 0;
        }

        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var expired = await session.FindAsync<int>(ExpireSql, new { since = now - retention, now }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return expired;
    }
}
