using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Memory;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Answers.Conversations;

/// <summary>Reads and writes a principal's conversations. Another principal's are as good as missing.</summary>
/// <remarks>Row-level security binds to the principal as well: a predicate that were forgotten here would find nothing more.</remarks>
public sealed class ConversationStore(TenantDatabase database, MemorySettings memory, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    // An answer says what its passages say: where one of their documents must not be read any more, it is not shown either.
    private const string WithheldSql =
        "hides_any(ARRAY(SELECT (c ->> 'document_id')::uuid FROM jsonb_array_elements(a.citations) AS c))";

    // Thoughts tell of more than what the answer cites in the end.
    private const string HidesReasoningSql =
        "hides_any(ARRAY(SELECT (d #>> '{}')::uuid FROM jsonb_array_elements(a.reasoning -> 'documents') AS d))";

    private const string ByNameSql = """
        SELECT conversation_id, reset_at,
               CASE WHEN NOT hides_any(summary_documents) THEN summary END AS summary, summary_through, summary_documents
        FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND name = @name AND deleted_at IS NULL
        """;

    // Two first questions under one name at once: both get the row of the one that came first.
    private const string CreateNamedSql = """
        INSERT INTO conversations (tenant_id, conversation_id, principal_id, name, title, created_at, updated_at)
        VALUES (@tenant, @id, @principal, @name, @title, @now, @now)
        ON CONFLICT (tenant_id, principal_id, name) WHERE deleted_at IS NULL
        DO UPDATE SET updated_at = excluded.updated_at
        RETURNING conversation_id, reset_at, NULL::text AS summary, NULL::uuid AS summary_through, '{}'::uuid[] AS summary_documents
        """;

    // Questions that got no whole answer are not told again, nor those whose place another one took. A question that is
    // asked again knows what stood before it, not what came after.
    private const string MemorySql =
        """
            SELECT question, answer, thread_id, documents
            FROM (
              SELECT DISTINCT ON (q.thread_id) q.thread_id, q.content AS question, left(a.content, @length) AS answer,
                     ARRAY(SELECT DISTINCT (cited ->> 'document_id')::uuid FROM jsonb_array_elements(a.citations) AS cited
                           WHERE cited ->> 'document_id' IS NOT NULL) AS documents,

            """
        + WithheldSql
        + """
             AS is_withheld
              FROM messages AS q
              JOIN messages AS a
                ON a.tenant_id = q.tenant_id AND a.conversation_id = q.conversation_id AND a.question_id = q.message_id
              WHERE q.tenant_id = @tenant AND q.conversation_id = @id AND q.role = 'user'
                AND a.outcome IN ('answered', 'unsupported') AND (@since::timestamptz IS NULL OR q.created_at > @since)
                AND (@thread::uuid IS NULL OR q.thread_id < @thread)
              ORDER BY q.thread_id DESC, q.message_id DESC) AS latest
            WHERE NOT is_withheld
            ORDER BY thread_id DESC
            LIMIT @limit
            """;

    private const string ThreadSql = """
        SELECT m.thread_id
        FROM messages AS m
        JOIN conversations AS c ON c.tenant_id = m.tenant_id AND c.conversation_id = m.conversation_id
        WHERE c.tenant_id = @tenant AND c.principal_id = @principal AND c.name = @name AND c.deleted_at IS NULL
          AND m.message_id = @question AND m.role = 'user'
        """;

    private const string SaveSql = """
        INSERT INTO conversations (tenant_id, conversation_id, principal_id, name, title, created_at, updated_at)
        VALUES (@tenant, @id, @principal, @name, @title, @askedAt, @answeredAt)
        ON CONFLICT (tenant_id, conversation_id) DO UPDATE
        SET updated_at = excluded.updated_at,
            -- A question in it was asked anew: it is begun anew, too.
            summary = CASE WHEN conversations.summary_through >= @threadId THEN NULL ELSE conversations.summary END,
            summary_through = CASE WHEN conversations.summary_through >= @threadId THEN NULL
                                   ELSE conversations.summary_through END,
            -- Whoever sums up at this moment may have read the answer that this one takes the place of.
            summarising_until = CASE WHEN @threadId <> @questionId OR conversations.summary_through >= @threadId THEN NULL
                                     ELSE conversations.summarising_until END;

        INSERT INTO messages (tenant_id, conversation_id, message_id, thread_id, principal_id, role, content,
                              question_id, outcome, model, degraded, citations, unsupported, usage, asked, reasoning,
                              created_at)
        VALUES (@tenant, @id, @questionId, @threadId, @principal, 'user', @question, NULL, @outcome, NULL, false, '[]',
                '[]', '{}', @asked::jsonb, '{}', @askedAt),
               (@tenant, @id, @answerId, @threadId, @principal, 'assistant', @answer, @questionId, @outcome, @model,
                @degraded, @citations::jsonb, @unsupported::jsonb, @usage::jsonb, '{}', @reasoning::jsonb,
                @answeredAt)
        """;

    private const string ListSql = """
        SELECT conversation_id AS id, name AS session_id, title, created_at, updated_at, reset_at, NULL::text AS match
        FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND deleted_at IS NULL
          AND (@afterTime::timestamptz IS NULL OR (updated_at, conversation_id) < (@afterTime, @afterId))
        ORDER BY updated_at DESC, conversation_id DESC
        LIMIT @limit
        """;

    private const string SearchSql =
        """
            SELECT c.conversation_id AS id, c.name AS session_id, c.title, c.created_at, c.updated_at, c.reset_at,
                   found.content AS match
            FROM conversations AS c
            LEFT JOIN LATERAL (
              SELECT a.content FROM messages AS a
              WHERE a.tenant_id = c.tenant_id AND a.conversation_id = c.conversation_id AND a.content ILIKE @text
                AND NOT

            """
        + WithheldSql
        + """

              ORDER BY a.message_id LIMIT 1) AS found ON true
            WHERE c.tenant_id = @tenant AND c.principal_id = @principal AND c.deleted_at IS NULL
              AND (c.title ILIKE @text OR found.content IS NOT NULL)
              AND (@afterTime::timestamptz IS NULL OR (c.updated_at, c.conversation_id) < (@afterTime, @afterId))
            ORDER BY c.updated_at DESC, c.conversation_id DESC
            LIMIT @limit
            """;

    private const string FindSql = """
        SELECT conversation_id AS id, name AS session_id, title, created_at, updated_at, reset_at, NULL::text AS match
        FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    private const string MessagesSql =
        """
            SELECT message_id, thread_id, question_id, role, content, outcome, model, degraded,
                   citations::text AS citations, unsupported::text AS unsupported, asked::text AS asked,
                   reasoning::text AS reasoning, created_at, rating, comment, rated_at,
                   (SELECT true FROM shared_answers AS s WHERE s.tenant_id = a.tenant_id AND s.conversation_id = a.conversation_id
                      AND s.message_id = a.message_id) AS is_shared,

            """
        + WithheldSql
        + " AS is_withheld, "
        + HidesReasoningSql
        + """
             AS hides_reasoning
            FROM messages AS a
            WHERE tenant_id = @tenant AND conversation_id = @id
              AND (@before::uuid IS NULL OR (thread_id, message_id) < (
                SELECT b.thread_id, b.message_id FROM messages AS b
                WHERE b.tenant_id = @tenant AND b.conversation_id = @id AND b.message_id = @before))
            ORDER BY thread_id DESC, message_id DESC
            LIMIT @limit
            """;

    private const string RenameSql = """
        UPDATE conversations SET title = @title
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    // Whoever is just sharing it is waited for: a statement that began before does not see what they wrote.
    private const string LockSql = """
        SELECT conversation_id FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id
        FOR UPDATE
        """;

    // What was shared of it goes out of sight with it, and comes back with it.
    private const string DeleteSql = """
        WITH deleted AS (
          UPDATE conversations SET deleted_at = @now
          WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
          RETURNING conversation_id),
        hidden AS (
          UPDATE conversation_shares AS s SET hidden_at = @now FROM deleted AS d
          WHERE s.tenant_id = @tenant AND s.conversation_id = d.conversation_id)
        SELECT count(*)::int FROM deleted
        """;

    // Its name may have been given to another one since.
    private const string RestoreSql = """
        WITH restored AS (
          UPDATE conversations AS c
          SET deleted_at = NULL,
              name = CASE WHEN EXISTS (
                SELECT FROM conversations AS o
                WHERE o.tenant_id = c.tenant_id AND o.principal_id = c.principal_id AND o.name = c.name
                  AND o.deleted_at IS NULL) THEN c.conversation_id::text ELSE c.name END
          WHERE c.tenant_id = @tenant AND c.principal_id = @principal AND c.conversation_id = @id
            AND c.deleted_at IS NOT NULL
          RETURNING c.conversation_id),
        shown AS (
          UPDATE conversation_shares AS s SET hidden_at = NULL FROM restored AS r
          WHERE s.tenant_id = @tenant AND s.conversation_id = r.conversation_id)
        SELECT count(*)::int FROM restored
        """;

    private const string ResetSql = """
        UPDATE conversations
        SET reset_at = @now, summary = NULL, summary_through = NULL, summary_documents = '{}', summarising_until = NULL
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    /// <summary>Characters of an answer that are remembered: no window has room for more of one.</summary>
    public const int LongestRemembered = 32_000;

    /// <summary>Pairs that are looked at beyond those that are told word for word.</summary>
    private const int PairsBeyond = 40;

    /// <summary>The conversation that a question belongs to, made when the name is new, with what it remembers.</summary>
    /// <param name="sessionId">The caller's name for it; null for a fresh one, which is stored with its first answer.</param>
    /// <param name="threadId">What the question takes the place of, which with all after it is not remembered; or null.</param>
    /// <param name="withMemory">Only a model needs it.</param>
    public async Task<OpenConversation> OpenAsync(
        Principal principal,
        string? sessionId,
        string question,
        Guid? threadId,
        bool withMemory,
        CancellationToken cancellationToken
    )
    {
        if (sessionId is null)
        {
            var fresh = Guid.CreateVersion7(time.GetUtcNow());
            return new OpenConversation(fresh, fresh.ToString("n"), IsStored: false, []);
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            principal = principal.Id,
            name = sessionId,
            id = Guid.CreateVersion7(time.GetUtcNow()),
            title = ConversationText.TitleOf(question),
            now = time.GetUtcNow(),
        };
        var known = await session.FindAsync<NamedRow>(ByNameSql, arguments, cancellationToken);
        if (known is null)
        {
            known = await session.FindAsync<NamedRow>(CreateNamedSql, arguments, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return new OpenConversation(known!.ConversationId, sessionId, IsStored: true, []);
        }

        var pairs = withMemory
            ? await session.QueryAsync<PairRow>(
                MemorySql,
                new
                {
                    tenant = principal.Tenant.Value,
                    id = known.ConversationId,
                    since = known.ResetAt,
                    thread = threadId,
                    limit = memory.MostPairs + PairsBeyond,
                    length = LongestRemembered,
                },
                cancellationToken
            )
            : [];
        return new OpenConversation(
            known.ConversationId,
            sessionId,
            IsStored: true,
            [.. pairs.Reverse().Select(row => row.ToPair())]
        )
        {
            // A question that is asked again knows nothing of what came after it, nor of itself.
            Earlier =
                known is { Summary: { } summary, SummaryThrough: { } through }
                && (threadId is not { } thread || through.CompareTo(thread) < 0)
                    ? new EarlierSummary(summary, through) { Documents = known.SummaryDocuments }
                    : null,
        };
    }

    /// <summary>Stores a question and its answer, both or neither.</summary>
    public async Task SaveAsync(
        Principal principal,
        OpenConversation conversation,
        Exchange exchange,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            SaveSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id = conversation.Id,
                name = conversation.SessionId,
                title = ConversationText.TitleOf(exchange.Question),
                questionId = exchange.QuestionId,
                threadId = exchange.ThreadId,
                asked = JsonSerializer.Serialize(exchange.Asked, Json),
                question = exchange.Question,
                askedAt = exchange.AskedAt,
                answerId = exchange.AnswerId,
                answer = exchange.Answer,
                answeredAt = exchange.AnsweredAt,
                outcome = exchange.Outcome,
                model = exchange.Model,
                degraded = exchange.Degraded,
                citations = JsonSerializer.Serialize(exchange.Citations, Json),
                unsupported = JsonSerializer.Serialize(exchange.Unsupported, Json),
                usage = JsonSerializer.Serialize(exchange.Usage, Json),
                reasoning = exchange.Reasoning is { } reasoning ? JsonSerializer.Serialize(reasoning, Json) : "{}",
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>The place of a question in a conversation of the principal's; null when there is no such question.</summary>
    public async Task<Guid?> FindThreadAsync(
        Principal principal,
        string sessionId,
        Guid question,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<Guid?>(
            ThreadSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                name = sessionId,
                question,
            },
            cancellationToken
        );
    }

    /// <summary>Newest first.</summary>
    /// <param name="words">Only conversations that hold these words, in this order, in the title or in a message; or null.</param>
    /// <param name="after">The last of the page before; null for the first page.</param>
    internal async Task<IReadOnlyList<Conversation>> ListAsync(
        Principal principal,
        string? words,
        Cursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var found = await session.QueryAsync<Conversation>(
            words is null ? ListSql : SearchSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                text = words is null ? null : ConversationText.Pattern(words),
                afterTime = after?.CreatedAt,
                afterId = after?.Id,
                limit,
            },
            cancellationToken
        );
        return words is null
            ? found
            : [.. found.Select(one => one with { Match = ConversationText.PartAround(words, one.Match) })];
    }

    /// <summary>Null when the principal has no such conversation.</summary>
    public async Task<Conversation?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<Conversation>(FindSql, Of(principal, id), cancellationToken);
    }

    /// <summary>The newest messages before one, oldest first.</summary>
    public async Task<IReadOnlyList<Message>> MessagesAsync(
        Principal principal,
        Conversation conversation,
        Guid? before,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<MessageRow>(
            MessagesSql,
            new
            {
                tenant = principal.Tenant.Value,
                id = conversation.Id,
                before,
                limit,
            },
            cancellationToken
        );
        return [.. rows.Reverse().Select(row => row.ToMessage(conversation.ResetAt))];
    }

    /// <summary>False when the principal has no such conversation.</summary>
    public Task<bool> RenameAsync(Principal principal, Guid id, string title, CancellationToken cancellationToken) =>
        ChangeAsync(principal, id, RenameSql, title, cancellationToken);

    /// <summary>Soft: the rows stay. False when the principal has no such conversation.</summary>
    public Task<bool> DeleteAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        MoveAsync(principal, id, DeleteSql, cancellationToken);

    /// <summary>Takes a deletion back. False when there is nothing deleted of that id.</summary>
    public async Task<bool> RestoreAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        try
        {
            return await MoveAsync(principal, id, RestoreSql, cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Another one of its name came at the same moment; now that one is seen.
            return await MoveAsync(principal, id, RestoreSql, cancellationToken);
        }
    }

    /// <summary>From now on the conversation remembers nothing of before. False when there is no such conversation.</summary>
    public Task<bool> ResetAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        ChangeAsync(principal, id, ResetSql, "", cancellationToken);

    private async Task<bool> MoveAsync(Principal principal, Guid id, string sql, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.FindAsync<Guid?>(LockSql, Of(principal, id), cancellationToken);
        var moved = await session.FindAsync<int>(
            sql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return moved > 0;
    }

    private async Task<bool> ChangeAsync(
        Principal principal,
        Guid id,
        string sql,
        string title,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var changed = await session.ExecuteAsync(
            sql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id,
                title,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return changed > 0;
    }

    private static object Of(Principal principal, Guid id) =>
        new
        {
            tenant = principal.Tenant.Value,
            principal = principal.Id,
            id,
        };

    private sealed class NamedRow
    {
        public required Guid ConversationId { get; init; }

        public DateTimeOffset? ResetAt { get; init; }

        public string? Summary { get; init; }

        public Guid? SummaryThrough { get; init; }

        public Guid[] SummaryDocuments { get; init; } = [];
    }

    private sealed class PairRow
    {
        public required string Question { get; init; }

        public required string Answer { get; init; }

        public required Guid ThreadId { get; init; }

        public Guid[] Documents { get; init; } = [];

        public RememberedPair ToPair() => new(Question, Answer, ThreadId, Documents.Length == 0 ? null : Documents);
    }

    private sealed record MessageRow(
        Guid MessageId,
        Guid ThreadId,
        Guid? QuestionId,
        string Role,
        string Content,
        string Outcome,
        string? Model,
        bool Degraded,
        string Citations,
        string Unsupported,
        string Asked,
        string Reasoning,
        DateTimeOffset CreatedAt,
        short? Rating,
        string? Comment,
        DateTimeOffset? RatedAt,
        bool? IsShared,
        bool IsWithheld,
        bool HidesReasoning
    )
    {
        public Message ToMessage(DateTimeOffset? resetAt)
        {
            var isAnswer = Role == "assistant";
            if (IsWithheld)
            {
                return (
                    this with
                    {
                        IsWithheld = false,
                        Citations = "[]",
                        Unsupported = "[]",
                        Reasoning = "{}",
                    }
                ).ToMessage(resetAt) with
                {
                    Content = ConversationText.Withheld,
                    Citations = null,
                    Withheld = true,
                };
            }

            var unsupported = JsonSerializer.Deserialize<List<string>>(Unsupported, Json)!;
            return new Message(
                MessageId,
                ThreadId,
                QuestionId,
                Role,
                Content,
                isAnswer ? Outcome : null,
                Model,
                Degraded ? true : null,
                isAnswer ? JsonSerializer.Deserialize<List<Citation>>(Citations, Json) : null,
                unsupported.Count > 0 ? unsupported : null,
                isAnswer ? null : JsonSerializer.Deserialize<Asked>(Asked, Json),
                CreatedAt,
                resetAt is null || CreatedAt > resetAt,
                ReasoningSteps: HidesReasoning
                    ? null
                    : JsonSerializer.Deserialize<StoredReasoning>(Reasoning, Json)!.Steps,
                Feedback: Rating is { } rating && RatedAt is { } at
                    ? new MessageFeedback(MessageFeedback.NameOf(rating > 0), Comment, at, IsShared)
                    : null
            );
        }
    }
}
