using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Answers.Sharing;

/// <summary>Copies of conversations for colleagues to read. Safe for concurrent use.</summary>
public sealed class ShareStore(
    TenantDatabase database,
    ConversationThreads threads,
    ReadableDocuments readable,
    AccessSettings settings,
    TimeProvider time
)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    // Held until the copy is in: a deletion at the same moment waits, and then hides the copy, too.
    private const string HoldSql = """
        SELECT conversation_id FROM conversations
        WHERE tenant_id = @tenant AND principal_id = @principal AND conversation_id = @conversation AND deleted_at IS NULL
        FOR SHARE
        """;

    private const string InsertSql = """
        INSERT INTO conversation_shares
          (tenant_id, share_id, conversation_id, principal_id, shared_by, title, turns, created_at)
        VALUES (@tenant, @id, @conversation, @principal, @sharedBy, @title, @turns::jsonb, @now)
        """;

    private const string ListSql = """
        SELECT share_id AS id, conversation_id, title, created_at
        FROM conversation_shares
        WHERE tenant_id = @tenant AND conversation_id = @conversation AND principal_id = @principal
        ORDER BY created_at DESC, share_id DESC
        LIMIT 100
        """;

    private const string FindSql = """
        SELECT share_id AS id, principal_id, title, shared_by, created_at, turns::text AS turns
        FROM conversation_shares
        WHERE tenant_id = @tenant AND share_id = @id AND hidden_at IS NULL
        """;

    private const string RevokeSql = """
        DELETE FROM conversation_shares
        WHERE tenant_id = @tenant AND share_id = @id AND (principal_id = @principal OR @ofOthers)
        """;

    /// <summary>Copies a conversation of the principal's as it is now; null when it was deleted meanwhile.</summary>
    public async Task<Share?> CreateAsync(
        Principal principal,
        Conversation conversation,
        CancellationToken cancellationToken
    )
    {
        var turns = (await threads.OfAsync(principal, conversation, cancellationToken)).Select(thread => new SharedTurn(
            thread.Question.Content,
            thread.Question.CreatedAt,
            thread.Answer is { Withheld: true } ? null : thread.Answer?.Content,
            thread.Answer?.Outcome ?? AnswerOutcome.Failed,
            thread.Answer?.Model,
            thread.Answer?.Degraded,
            thread.Answer?.Citations,
            thread.Answer?.UnsupportedSentences,
            // What the sharer may not read any more nobody gets from them.
            thread.Answer?.Withheld
        ));
        var now = time.GetUtcNow();
        var row = new ShareRow(Guid.CreateVersion7(now), conversation.Id, conversation.Title, now);
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            id = row.Id,
            conversation = conversation.Id,
            principal = principal.Id,
            sharedBy = principal.Name,
            title = conversation.Title,
            turns = JsonSerializer.Serialize(turns, Json),
            now,
        };
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (await session.FindAsync<Guid?>(HoldSql, arguments, cancellationToken) is null)
        {
            return null;
        }

        await session.ExecuteAsync(InsertSql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return ViewOf(row);
    }

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<Share>> ListAsync(
        Principal principal,
        Conversation conversation,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<ShareRow>(
            ListSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                conversation = conversation.Id,
            },
            cancellationToken
        );
        return [.. rows.Select(ViewOf)];
    }

    /// <summary>As far as the reader may read what the answers rest on; null when there is no such share in the tenant.</summary>
    public async Task<SharedConversation?> ReadAsync(Principal reader, Guid id, CancellationToken cancellationToken)
    {
        SharedRow? found;
        await using (var session = await database.OpenAsync(reader, cancellationToken))
        {
            found = await session.FindAsync<SharedRow>(
                FindSql,
                new { tenant = reader.Tenant.Value, id },
                cancellationToken
            );
        }

        if (found is null)
        {
            return null;
        }

        var turns = JsonSerializer.Deserialize<List<SharedTurn>>(found.Turns, Json)!;
        var cited = turns.SelectMany(DocumentsOf).Distinct().ToList();
        var open = await readable.AmongAsync(reader, cited, cancellationToken);
        return new SharedConversation(
            found.Id,
            found.Title,
            found.SharedBy,
            found.CreatedAt,
            found.PrincipalId == reader.Id,
            // An answer says what its passages say: without them it is not shown either.
            [.. turns.Select(turn => DocumentsOf(turn).All(open.Contains) ? turn : Withhold(turn))]
        );
    }

    /// <summary>Takes a link back: whose it is may, and whoever manages members. False when there is none.</summary>
    public async Task<bool> RevokeAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var revoked = await session.ExecuteAsync(
            RevokeSql,
            new
            {
                tenant = principal.Tenant.Value,
                principal = principal.Id,
                id,
                ofOthers = principal.May(Permission.MembersManage),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return revoked > 0;
    }

    private static IEnumerable<Guid> DocumentsOf(SharedTurn turn) =>
        (turn.Citations ?? []).Select(citation => citation.DocumentId);

    private static SharedTurn Withhold(SharedTurn turn) =>
        turn with
        {
            Answer = null,
            Citations = null,
            UnsupportedSentences = null,
            Withheld = true,
        };

    private Share ViewOf(ShareRow row) =>
        new(row.Id, row.ConversationId, row.Title, row.CreatedAt, $"{settings.PublicUrl}/shared/{row.Id}");

    private sealed record ShareRow(Guid Id, Guid ConversationId, string Title, DateTimeOffset CreatedAt);

    private sealed record SharedRow(
        Guid Id,
        Guid PrincipalId,
        string Title,
        string SharedBy,
        DateTimeOffset CreatedAt,
        string Turns
    );
}
