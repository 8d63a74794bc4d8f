using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Answers.Conversations;

/// <summary>Reads and writes a principal's conversations. Another principal's are as good as missing.</summary>
/// <remarks>Row-level security binds to the principal as well: a predicate that were forgotten here would find nothing more.</remarks>
public sealed class ConversationStore(TenantDatabase database, TimeProvider time)
{
    private const int MaxTitle = 80;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private const string ByNameSql = """
        SELECT conversation_id, reset_at
        FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND name = @name AND deleted_at IS NULL
        """;

    // Two first questions under one name at once: both get the row of the one that came first.
    private const string CreateNamedSql = """
        INSERT INTO conversations (tenant_id, conversation_id, principal_id, name, title, created_at, updated_at)
        VALUES (@tenant, @id, @principal, @name, @title, @now, @now)
        ON CONFLICT (tenant_id, principal_id, name) WHERE deleted_at IS NULL
        DO UPDATE SET updated_at = excluded.updated_at
        RETURNING conversation_id, reset_at
        """;

    // Questions that got no whole answer are not told again.
    private const string MemorySql = """
        SELECT q.content AS question, a.content AS answer
        FROM messages AS q
        JOIN messages AS a
          ON a.tenant_id = q.tenant_id AND a.conversation_id = q.conversation_id AND a.question_id = q.message_id
        WHERE q.tenant_id = @tenant AND q.conversation_id = @id AND q.role = 'user'
          AND a.outcome IN ('answered', 'unsupported') AND (@since::timestamptz IS NULL OR q.created_at > @since)
        ORDER BY q.message_id DESC
        LIMIT @limit
        """;

    private const string SaveSql = """
        INSERT INTO conversations (tenant_id, conversation_id, principal_id, name, title, created_at, updated_at)
        VALUES (@tenant, @id, @principal, @name, @title, @askedAt, @answeredAt)
        ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET updated_at = excluded.updated_at;

        INSERT INTO messages (tenant_id, conversation_id, message_id, principal_id, role, content, question_id, outcome,
                              model, degraded, citations, unsupported, usage, created_at)
        VALUES (@tenant, @id, @questionId, @principal, 'user', @question, NULL, @outcome, NULL, false, '[]', '[]', '{}',
                @askedAt),
               (@tenant, @id, @answerId, @principal, 'assistant', @answer, @questionId, @outcome, @model, @degraded,
                @citations::jsonb, @unsupported::jsonb, @usage::jsonb, @answeredAt)
        """;

    private const string ListSql = """
        SELECT conversation_id AS id, name AS session_id, title, created_at, updated_at, reset_at
        FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND deleted_at IS NULL
          AND (@afterTime::timestamptz IS NULL OR (updated_at, conversation_id) < (@afterTime, @afterId))
        ORDER BY updated_at DESC, conversation_id DESC
        LIMIT @limit
        """;

    private const string FindSql = """
        SELECT conversation_id AS id, name AS session_id, title, created_at, updated_at, reset_at
        FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    private const string MessagesSql = """
        SELECT message_id, role, content, outcome, model, degraded, citations::text AS citations,
               unsupported::text AS unsupported, created_at
        FROM messages
        WHERE tenant_id = @tenant AND conversation_id = @id AND (@before::uuid IS NULL OR message_id < @before)
        ORDER BY message_id DESC
        LIMIT @limit
        """;

    private const string RenameSql = """
        UPDATE conversations SET title = @title
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    private const string DeleteSql = """
        UPDATE conversations SET deleted_at = @now
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    private const string ResetSql = """
        UPDATE conversations SET reset_at = @now
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @id AND deleted_at IS NULL
        """;

    /// <summary>The conversation that a question belongs to, made when the name is new, with what it remembers.</summary>
    /// <param name="sessionId">The caller's name for it; null for a fresh one, which is stored with its first answer.</param>
    /// <param name="withMemory">Only a model needs it.</param>
    public async Task<OpenConversation> OpenAsync(
        Principal principal,
        string? sessionId,
        string question,
        bool withMemory,
        CancellationToken cancellationToken
    )
    {
        if (sessionId is null)
        {
            var fresh = Guid.CreateVersion7(time.GetUtcNow());
            return new OpenConversation(fresh, fresh.ToString("n"), IsStored: false, []);
        }

        await using var session = await database.OpenAsync(principal.Tenant, principal.Id, cancellationToken);
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            principal = principal.Id,
            name = sessionId,
            id = Guid.CreateVersion7(time.GetUtcNow()),
            title = TitleOf(question),
            now = time.GetUtcNow(),
        };
        var known = await session.FindAsync<NamedRow>(ByNameSql, arguments, cancellationToken);
        if (known is null)
        {
            known = await session.FindAsync<NamedRow>(CreateNamedSql, arguments, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return new OpenConversation(known!.ConversationId, sessionId, IsStored: true, []);
        }

        var memory = withMemory
            ? await session.QueryAsync<RememberedPair>(
                MemorySql,
                new
                {
                    tenant = principal.Tenant.Value,
                    id = known.ConversationId,
                    since = known.ResetAt,
                    limit = PromptBuilder.MaxPairs,
                },
                cancellationToken
            )
            : [];
        return new OpenConversation(known.ConversationId, sessionId, IsStored: true, [.. memory.Reverse()]);
    }

    /// <summary>Stores a question and its answer, both or neither.</summary>
    public async Task SaveAsync(
        Principal principal,
        OpenConversation conversation,
        Exchange exchange,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.Id, cancellationToken);
        await session.ExecuteAsync(
            SaveSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id = conversation.Id,
                name = conversation.SessionId,
                title = TitleOf(exchange.Question),
                questionId = Guid.CreateVersion7(exchange.AskedAt),
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
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Newest first.</summary>
    /// <param name="after">The last of the page before; null for the first page.</param>
    internal async Task<IReadOnlyList<Conversation>> ListAsync(
        Principal principal,
        Cursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.Id, cancellationToken);
        return await session.QueryAsync<Conversation>(
            ListSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                afterTime = after?.CreatedAt,
                afterId = after?.Id,
                limit,
            },
            cancellationToken
        );
    }

    /// <summary>Null when the principal has no such conversation.</summary>
    public async Task<Conversation?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.Id, cancellationToken);
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
        await using var session = await database.OpenAsync(principal.Tenant, principal.Id, cancellationToken);
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
        ChangeAsync(principal, id, DeleteSql, "", cancellationToken);

    /// <summary>From now on the conversation remembers nothing of before. False when there is no such conversation.</summary>
    public Task<bool> ResetAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        ChangeAsync(principal, id, ResetSql, "", cancellationToken);

    private async Task<bool> ChangeAsync(
        Principal principal,
        Guid id,
        string sql,
        string title,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.Id, cancellationToken);
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

    private static string TitleOf(string question)
    {
        var line = string.Join(' ', question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= MaxTitle)
        {
            return line;
        }

        var cut = line.LastIndexOf(' ', MaxTitle - 1);
        cut = cut < MaxTitle / 2 ? MaxTitle - 1 : cut;
        return line[..(char.IsHighSurrogate(line[cut - 1]) ? cut - 1 : cut)] + "…";
    }

    private sealed record NamedRow(Guid ConversationId, DateTimeOffset? ResetAt);

    private sealed record MessageRow(
        Guid MessageId,
        string Role,
        string Content,
        string Outcome,
        string? Model,
        bool Degraded,
        string Citations,
        string Unsupported,
        DateTimeOffset CreatedAt
    )
    {
        public Message ToMessage(DateTimeOffset? resetAt)
        {
            var isAnswer = Role == "assistant";
            var unsupported = JsonSerializer.Deserialize<List<string>>(Unsupported, Json)!;
            return new Message(
                MessageId,
                Role,
                Content,
                isAnswer ? Outcome : null,
                Model,
                Degraded ? true : null,
                isAnswer ? JsonSerializer.Deserialize<List<Citation>>(Citations, Json) : null,
                unsupported.Count > 0 ? unsupported : null,
                CreatedAt,
                resetAt is null || CreatedAt > resetAt
            );
        }
    }
}
