using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Answers.Conversations;

/// <summary>What people think of their answers. Another principal's are as good as missing.</summary>
internal sealed class FeedbackStore(TenantDatabase database, TimeProvider time)
{
    private const string RateSql = """
        UPDATE messages AS m SET rating = @rating, comment = @comment, rated_at = @at
        FROM conversations AS c
        WHERE c.tenant_id = @tenant AND c.principal_id = @principal AND c.conversation_id = @conversation AND c.deleted_at IS NULL
          AND m.tenant_id = c.tenant_id AND m.conversation_id = c.conversation_id AND m.message_id = @message
          AND m.role = 'assistant'
        RETURNING coalesce(m.usage ->> 'trace_id', '')
        """;

    private const string ShareSql = """
        INSERT INTO shared_answers (tenant_id, shared_id, conversation_id, message_id, question, answer, rating, comment, places, documents,
                                    shared_at)
        SELECT a.tenant_id, @shared, a.conversation_id, a.message_id, q.content, a.content, a.rating, a.comment,
               coalesce((SELECT jsonb_agg(jsonb_build_object('document', c ->> 'document_id', 'page', (c ->> 'page')::int, 'quote', left(c ->> 'quote', 2000)))
                         FROM jsonb_array_elements(a.citations) AS c), '[]'),
               ARRAY(SELECT DISTINCT (c ->> 'document_id')::uuid FROM jsonb_array_elements(a.citations) AS c),
               @at
        FROM messages AS a
        JOIN messages AS q ON q.tenant_id = a.tenant_id AND q.conversation_id = a.conversation_id AND q.message_id = a.question_id
        WHERE a.tenant_id = @tenant AND a.conversation_id = @conversation AND a.message_id = @message
        """;

    private const string UnshareSql = """
        DELETE FROM shared_answers
        WHERE tenant_id = @tenant AND conversation_id = @conversation AND message_id = @message
        """;

    /// <summary>Null when the principal has no such answer.</summary>
    /// <param name="shares">Whether question and answer may become a question of a dataset.</param>
    public async Task<(MessageFeedback Feedback, string? Trace)?> RateAsync(
        Principal principal,
        Guid conversation,
        Guid message,
        bool isGood,
        string? comment,
        bool shares,
        CancellationToken cancellationToken
    )
    {
        // As the database keeps it: what is answered now and what is read later are the same.
        var now = time.GetUtcNow();
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        return
            await WriteAsync(principal, conversation, message, isGood, comment, at, shares, cancellationToken)
                is { } trace
            ? (new MessageFeedback(MessageFeedback.NameOf(isGood), comment, at, shares ? true : null), trace)
            : null;
    }

    /// <summary>Takes it back. Null when the principal has no such answer; else the trace that it was made in, empty where that is not known.</summary>
    public Task<string?> UnrateAsync(
        Principal principal,
        Guid conversation,
        Guid message,
        CancellationToken cancellationToken
    ) => WriteAsync(principal, conversation, message, null, null, null, false, cancellationToken);

    /// <summary>Null when the principal has no such answer; else the trace that it was made in, empty where that is not known.</summary>
    private async Task<string?> WriteAsync(
        Principal principal,
        Guid conversation,
        Guid message,
        bool? isGood,
        string? comment,
        DateTimeOffset? at,
        bool shares,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var trace = await session.FindAsync<string>(
            RateSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                conversation,
                message,
                rating = isGood is { } good ? (short?)(good ? 1 : -1) : null,
                comment,
                at,
            },
            cancellationToken
        );
        if (trace is not null)
        {
            var answer = new
            {
                tenant = principal.Tenant.Value,
                conversation,
                message,
                shared = Guid.CreateVersion7(time.GetUtcNow()),
                at,
            };
            // What was shared before was of another opinion.
            await session.ExecuteAsync(UnshareSql, answer, cancellationToken);
            if (shares)
            {
                await session.ExecuteAsync(ShareSql, answer, cancellationToken);
            }
        }

        await session.CommitAsync(cancellationToken);
        return trace;
    }
}
