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
        """;

    /// <summary>Null when the principal has no such answer.</summary>
    public async Task<MessageFeedback?> RateAsync(
        Principal principal,
        Guid conversation,
        Guid message,
        bool isGood,
        string? comment,
        CancellationToken cancellationToken
    )
    {
        // As the database keeps it: what is answered now and what is read later are the same.
        var now = time.GetUtcNow();
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        return await WriteAsync(principal, conversation, message, isGood, comment, at, cancellationToken)
            ? new MessageFeedback(MessageFeedback.NameOf(isGood), comment, at)
            : null;
    }

    /// <summary>Takes it back. False when the principal has no such answer.</summary>
    public Task<bool> UnrateAsync(
        Principal principal,
        Guid conversation,
        Guid message,
        CancellationToken cancellationToken
    ) => WriteAsync(principal, conversation, message, null, null, null, cancellationToken);

    private async Task<bool> WriteAsync(
        Principal principal,
        Guid conversation,
        Guid message,
        bool? isGood,
        string? comment,
        DateTimeOffset? at,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var written = await session.ExecuteAsync(
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
        await session.CommitAsync(cancellationToken);
        return written > 0;
    }
}
