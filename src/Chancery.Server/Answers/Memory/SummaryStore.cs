using Chancery.Server.Access;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Answers.Memory;

/// <summary>A conversation whose summary this process may write.</summary>
internal sealed record SummaryClaim
{
    /// <summary>So far; null for none, or none that its owner may still see.</summary>
    public string? Summary { get; init; }

    /// <summary>The last place that is in it.</summary>
    public Guid? Through { get; init; }

    /// <summary>Nothing from before it counts.</summary>
    public DateTimeOffset? ResetAt { get; init; }

    /// <summary>What it tells of.</summary>
    public Guid[] Documents { get; init; } = [];
}

/// <summary>A pair on its way into a summary.</summary>
internal sealed record SummarisedPair
{
    public Guid ThreadId { get; init; }

    public string Question { get; init; } = "";

    public string Answer { get; init; } = "";

    public Guid[] Documents { get; init; } = [];
}

/// <summary>Summaries of conversations, beside their conversation and with its rights. Safe for concurrent use.</summary>
internal sealed class SummaryStore(TenantDatabase database, TimeProvider time)
{
    // Of several servers one writes at a time; one that died in the middle is waited for until its time is over. A summary that tells
    // of a document which must not be read any more is begun anew.
    private const string ClaimSql = """
        UPDATE conversations SET summarising_until = @until
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
          AND (summarising_until IS NULL OR summarising_until < @now)
        RETURNING CASE WHEN hides_any(summary_documents) THEN NULL ELSE summary END AS summary,
                  CASE WHEN hides_any(summary_documents) THEN NULL ELSE summary_through END AS through, reset_at,
                  CASE WHEN hides_any(summary_documents) THEN '{}' ELSE summary_documents END AS documents
        """;

    private const string PairsSql = """
        SELECT thread_id, question, answer, documents
        FROM (
          SELECT DISTINCT ON (q.thread_id) q.thread_id, q.content AS question, left(a.content, @length) AS answer,
                 ARRAY(SELECT DISTINCT (c ->> 'document_id')::uuid FROM jsonb_array_elements(a.citations) AS c) AS documents
          FROM messages AS q
          JOIN messages AS a
            ON a.tenant_id = q.tenant_id AND a.conversation_id = q.conversation_id AND a.question_id = q.message_id
          WHERE q.tenant_id = @tenant AND q.conversation_id = @id AND q.role = 'user'
            AND a.outcome IN ('answered', 'unsupported') AND (@since::timestamptz IS NULL OR q.created_at > @since)
            AND (@after::uuid IS NULL OR q.thread_id > @after) AND q.thread_id <= @through
          ORDER BY q.thread_id DESC, q.message_id DESC) AS latest
        WHERE NOT hides_any(documents)
        ORDER BY thread_id
        LIMIT @limit
        """;

    // What was reset, deleted or written by somebody else meanwhile stays as it is.
    private const string WriteSql = """
        UPDATE conversations
        SET summary = @summary, summary_through = @through, summary_documents = @documents, summarising_until = NULL
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
          AND summarising_until = @until AND reset_at IS NOT DISTINCT FROM @since
        """;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    /// <summary>Null where another one is at it, or there is no such conversation any more.</summary>
    public async Task<(SummaryClaim Claim, DateTimeOffset Until)?> ClaimAsync(
        Principal principal,
        Guid conversation,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        // PostgreSQL keeps microseconds: the value is compared again.
        var until = new DateTimeOffset((now + Lease).Ticks / 10 * 10, TimeSpan.Zero);
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var claim = await session.FindAsync<SummaryClaim>(
            ClaimSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id = conversation,
                now,
                until,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return claim is null ? null : (claim, until);
    }

    /// <summary>What is not in the summary yet, oldest first.</summary>
    public async Task<IReadOnlyList<SummarisedPair>> PairsAsync(
        Principal principal,
        Guid conversation,
        SummaryClaim claim,
        Guid through,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<SummarisedPair>(
            PairsSql,
            new
            {
                tenant = principal.Tenant.Value,
                id = conversation,
                since = claim.ResetAt,
                after = claim.Through,
                through,
                limit,
                length = ConversationStore.LongestRemembered,
            },
            cancellationToken
        );
    }

    /// <summary>False where the conversation went on without it.</summary>
    public async Task<bool> WriteAsync(
        Principal principal,
        Guid conversation,
        SummaryClaim claim,
        DateTimeOffset until,
        string summary,
        IReadOnlyList<SummarisedPair> pairs,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var written = await session.ExecuteAsync(
            WriteSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id = conversation,
                since = claim.ResetAt,
                until,
                summary,
                through = pairs[^1].ThreadId,
                documents = claim.Documents.Concat(pairs.SelectMany(pair => pair.Documents)).Distinct().ToArray(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return written > 0;
    }
}
