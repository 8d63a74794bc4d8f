using Chancery.Server.Access;
using Chancery.Server.Access.Lists;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Commenting;

/// <summary>Something that somebody said of a clause, or of the contract as a whole.</summary>
/// <param name="ClauseId">Left out: of the contract as a whole.</param>
/// <param name="ReplyTo">The comment that it answers; left out for one that begins a thread.</param>
/// <param name="Mentions">Members, or groups, that were named with @.</param>
/// <param name="ResolvedAt">When its thread was settled.</param>
public sealed record ContractComment(
    Guid Id,
    Guid? ClauseId,
    Guid? ReplyTo,
    Guid AuthorId,
    string Author,
    string Text,
    IReadOnlyList<Guid> Mentions,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EditedAt,
    DateTimeOffset? ResolvedAt,
    string? ResolvedBy
);

/// <summary>Comments on contracts, for those who may read them. Safe for concurrent use.</summary>
internal sealed class CommentStore(TenantDatabase database, TimeProvider time)
{
    private const string Columns = """
        comment_id AS id, clause_id, reply_to, author_id, author, body AS text, mentions, created_at, edited_at, resolved_at, resolved_by
        """;

    private const string ListSql =
        "SELECT "
        + Columns
        + """

            FROM contract_comments
            WHERE tenant_id = @tenant AND contract_id = @contract AND (@clause::uuid IS NULL OR clause_id = @clause)
            ORDER BY created_at, comment_id
            LIMIT 2000
            """;

    // A reply stands where its thread does.
    private const string InsertSql =
        """
            INSERT INTO contract_comments (tenant_id, contract_id, comment_id, clause_id, reply_to, author_id, author, body, mentions, created_at)
            SELECT @tenant, @contract, @id, coalesce((
                     SELECT r.clause_id FROM contract_comments AS r
                     WHERE r.tenant_id = @tenant AND r.contract_id = @contract AND r.comment_id = @replyTo), @clause),
                   @replyTo, @authorId, @author, @text, @mentions, @now
            WHERE EXISTS (SELECT 1 FROM contracts AS c
                          WHERE c.tenant_id = @tenant AND c.contract_id = @contract AND c.deleted_at IS NULL)
              AND (@replyTo::uuid IS NULL OR EXISTS (
                SELECT 1 FROM contract_comments AS r
                WHERE r.tenant_id = @tenant AND r.contract_id = @contract AND r.comment_id = @replyTo AND r.reply_to IS NULL))
            RETURNING

            """ + Columns;

    private const string ChangeSql =
        """
            UPDATE contract_comments
            SET body = coalesce(@text, body), mentions = coalesce(@mentions, mentions),
                edited_at = CASE WHEN @text IS NULL THEN edited_at ELSE @now END,
                resolved_at = CASE WHEN @resolved IS NULL THEN resolved_at WHEN @resolved THEN coalesce(resolved_at, @now) END,
                resolved_by = CASE WHEN @resolved IS NULL THEN resolved_by WHEN @resolved THEN coalesce(resolved_by, @by) END
            WHERE tenant_id = @tenant AND contract_id = @contract AND comment_id = @id
              AND (@text IS NULL OR author_id = @authorId) AND (@resolved IS NULL OR reply_to IS NULL)
            RETURNING

            """ + Columns;

    // Whoever may manage the organisation may take others' words away; their answers go with them.
    private const string DeleteSql = """
        DELETE FROM contract_comments
        WHERE tenant_id = @tenant AND contract_id = @contract AND (comment_id = @id OR reply_to = @id) AND EXISTS (
          SELECT 1 FROM contract_comments AS o
          WHERE o.tenant_id = @tenant AND o.contract_id = @contract AND o.comment_id = @id AND (o.author_id = @authorId OR @any))
        """;

    /// <summary>In the order in which they were written, at most 2,000.</summary>
    public async Task<IReadOnlyList<ContractComment>> ListAsync(
        Principal principal,
        Guid contract,
        Guid? clause,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await ListAsync(session, contract, clause, cancellationToken);
    }

    /// <inheritdoc cref="ListAsync(Principal, Guid, Guid?, CancellationToken)"/>
    public static async Task<IReadOnlyList<ContractComment>> ListAsync(
        TenantSession session,
        Guid contract,
        Guid? clause,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<Row>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                clause,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToComment())];
    }

    /// <summary>Whether all of them are members, groups, service accounts or keys of the organisation.</summary>
    public async Task<bool> KnowsAsync(
        Principal principal,
        IReadOnlyCollection<Guid> members,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await AccessLists.KnowsAsync(session, [.. members], cancellationToken);
    }

    /// <summary>Null when there is no such contract, or no such comment to answer.</summary>
    public async Task<ContractComment?> AddAsync(
        Principal principal,
        string author,
        Guid contract,
        Guid? clause,
        Guid? replyTo,
        string text,
        IReadOnlyList<Guid> mentions,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<Row>(
            InsertSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                id = Guid.CreateVersion7(),
                clause,
                replyTo,
                authorId = principal.UserId,
                author,
                text,
                mentions = mentions.ToArray(),
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row?.ToComment();
    }

    /// <summary>Null when there is none that the caller may change so: words are their author's, and a thread is settled where it begins.</summary>
    public async Task<ContractComment?> ChangeAsync(
        Principal principal,
        string by,
        Guid contract,
        Guid id,
        string? text,
        IReadOnlyList<Guid>? mentions,
        bool? isResolved,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<Row>(
            ChangeSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                id,
                text,
                mentions = mentions?.ToArray(),
                resolved = isResolved,
                by,
                authorId = principal.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row?.ToComment();
    }

    /// <summary>Whether there was one that the caller may delete; its answers go with it.</summary>
    public async Task<bool> DeleteAsync(
        Principal principal,
        Guid contract,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var deleted = await session.ExecuteAsync(
            DeleteSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                id,
                authorId = principal.UserId,
                any = principal.May(Permission.OrganizationManage),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return deleted > 0;
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public Guid? ClauseId { get; init; }

        public Guid? ReplyTo { get; init; }

        public Guid AuthorId { get; init; }

        public string Author { get; init; } = "";

        public string Text { get; init; } = "";

        public Guid[] Mentions { get; init; } = [];

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? EditedAt { get; init; }

        public DateTimeOffset? ResolvedAt { get; init; }

        public string? ResolvedBy { get; init; }

        public ContractComment ToComment() =>
            new(Id, ClauseId, ReplyTo, AuthorId, Author, Text, Mentions, CreatedAt, EditedAt, ResolvedAt, ResolvedBy);
    }
}
